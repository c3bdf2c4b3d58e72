using System.Text;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>The TorchScript of a support vector classifier.</summary>
internal static class SvcSource
{
    private const string TwoClasses = """
        def decision_function(self, x: Tensor) -> Tensor:
            kernel = self.kernel.forward(x.to(self.support_vectors.dtype), self.support_vectors)
            return (kernel @ self.dual_coef.t() + self.intercept).view(-1)

        def predict(self, x: Tensor) -> Tensor:
            return self.classes[(self.decision_function(x) > 0).long()]


        """;

    /// <summary>
    /// Platt's formula as it is, like sk2torch and newer libsvm. scikit-learn's libsvm runs the iteration for more classes also
    /// here and stops early: its probabilities differ by up to about 0.003.
    /// </summary>
    private const string TwoClassesProbability = """


        def predict_proba(self, x: Tensor) -> Tensor:
            logit = (self.decision_function(x) * self.prob_a - self.prob_b).unsqueeze(1)
            return torch.cat([logit, -logit], dim=-1).sigmoid()

        def predict_log_proba(self, x: Tensor) -> Tensor:
            logit = (self.decision_function(x) * self.prob_a - self.prob_b).unsqueeze(1)
            return torch.log_sigmoid(torch.cat([logit, -logit], dim=-1))
        """;

    private const string ManyClasses = """
        def _collect(self, of_first: Tensor, of_second: Tensor) -> Tensor:
            sums = torch.zeros([of_first.size(0), self.classes.size(0)], dtype=of_first.dtype, device=of_first.device)
            sums = sums.scatter_add(1, self.first_class.expand_as(of_first), of_first)
            return sums.scatter_add(1, self.second_class.expand_as(of_second), of_second)

        def _votes(self, pairs: Tensor) -> Tensor:
            lost = (pairs < 0).to(pairs.dtype)
            return self._collect(1 - lost, lost)

        def _scores(self, pairs: Tensor) -> Tensor:
            confidence = self._collect(pairs, -pairs)
            return self._votes(pairs) + confidence / (3 * (confidence.abs() + 1))


        """;

    private const string ByVotes = """
        def decision_function(self, x: Tensor) -> Tensor:
            return self._scores(self._pairs(x))

        def predict(self, x: Tensor) -> Tensor:
            return self.classes[self._votes(self._pairs(x)).argmax(-1)]


        """;

    private const string ByScores = """
        def decision_function(self, x: Tensor) -> Tensor:
            return self._scores(self._pairs(x))

        def predict(self, x: Tensor) -> Tensor:
            return self.classes[self.decision_function(x).argmax(-1)]


        """;

    private const string ByPairs = """
        def decision_function(self, x: Tensor) -> Tensor:
            return self._pairs(x)

        def predict(self, x: Tensor) -> Tensor:
            return self.classes[self._votes(self._pairs(x)).argmax(-1)]


        """;

    private const string Forward = """
        def forward(self, x: Tensor) -> Tensor:
            return self.predict(x)
        """;

    /// <summary>
    /// Wu, Lin and Weng's coupling of pairwise probabilities, with libsvm's order of steps and its stopping rule
    /// (https://www.csie.ntu.edu.tw/~cjlin/papers/libsvm.pdf, section 8). Every row stops by itself, so that an answer does not depend
    /// on the rows beside it.
    /// </summary>
    private const string ManyClassesProbability = """


        def predict_proba(self, x: Tensor) -> Tensor:
            k = self.classes.size(0)
            pairwise = (-self._pairs(x) * self.prob_a - self.prob_b).sigmoid().clamp(1e-7, 1 - 1e-7)
            r = (self.cell_offset + self.cell_sign * pairwise.index_select(1, self.cell_pair)).view(x.size(0), k, k)
            q = (r * r).sum(1).diag_embed() - r * r.transpose(1, 2)
            p = torch.full_like(q[:, 0], 1.0 / k)
            for iteration in range(max(100, k)):
                qp = (q @ p.unsqueeze(2)).squeeze(2)
                pqp = (p * qp).sum(1, keepdim=True)
                moving = (qp - pqp).abs().ge(0.005 / k).any(1, keepdim=True)
                if not bool(moving.any()):
                    break
                for t in range(k):
                    step = (pqp - qp[:, t:t + 1]) / q[:, t, t:t + 1] * moving
                    p = p + step * self.one[t]
                    pqp = (pqp + step * (step * q[:, t, t:t + 1] + 2 * qp[:, t:t + 1])) / (1 + step) / (1 + step)
                    qp = (qp + step * q[:, t]) / (1 + step)
                    p = p / (1 + step)
            return p

        def predict_log_proba(self, x: Tensor) -> Tensor:
            return self.predict_proba(x).log()
        """;

    public static string Of(long[] counts, bool ovr, bool breakTies, bool hasProbability)
    {
        if (counts.Length == 2)
            return TwoClasses + Forward + (hasProbability ? TwoClassesProbability : string.Empty);
        var decide = !ovr ? ByPairs : breakTies ? ByScores : ByVotes;
        return Pairs(counts) + ManyClasses + decide + Forward + (hasProbability ? ManyClassesProbability : string.Empty);
    }

    /// <summary>One product for the support vectors of each class gives their part in all pairs that the class is in.</summary>
    private static string Pairs(long[] counts)
    {
        var parts = new StringBuilder();
        var first = 0L;
        foreach (var count in counts)
        {
            parts.Append(parts.Length == 0 ? string.Empty : ", ").Append($"kernel[:, {first}:{first + count}] @ self.dual_coef[:, {first}:{first + count}].t()");
            first += count;
        }

        return $"""
            def _pairs(self, x: Tensor) -> Tensor:
                kernel = self.kernel.forward(x.to(self.support_vectors.dtype), self.support_vectors)
                parts = torch.cat([{parts}], dim=1)
                return parts.index_select(1, self.first_part) + parts.index_select(1, self.second_part) + self.intercept


            """;
    }
}
