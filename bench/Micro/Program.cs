using Granary.Bench.Micro;

// Prints how long our JSON code takes, and how many times longer System.Text.Json takes for the same. Read the ratios.
JsonBench.Run(rounds: args.Length > 0 ? int.Parse(args[0]) : 100);
