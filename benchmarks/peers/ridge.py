"""Ridge regression of ten one-hot outputs in closed form, a whole program beside `clinear train DATA --model linear --solver direct`:
load, solve for every alpha in double precision, keep the one with the fewest errors in the last rows, score:
ridge.py DATA numpy|scikit --alphas 1,10 --valid 5000.

    W = (X'X + alpha·I)⁻¹·X'T on centred X and T, b from the means              (Bishop 2006, 3.28)
"""
import numpy
import peer
import scipy


def by_numpy(x, t, alphas):
    """Sums over rows once; a factorisation for each alpha."""
    mean, target = x.mean(0), t.mean(0)
    x, t = x - mean, t - target
    gram, cross = x.T @ x, x.T @ t
    for alpha in alphas:
        system = gram.copy()
        system.flat[::len(gram) + 1] += alpha
        weight = scipy.linalg.solve(system, cross, assume_a="pos", overwrite_a=True, check_finite=False)
        yield alpha, weight.T, target - mean @ weight


def by_scikit(x, t, alphas):
    """What a user of its Ridge writes."""
    from sklearn.linear_model import Ridge
    for alpha in alphas:
        model = Ridge(alpha=alpha, solver="cholesky").fit(x, t)
        yield alpha, model.coef_, model.intercept_


def main():
    options = peer.parse(alphas=str, valid=int)
    alphas = [float(alpha) for alpha in options.alphas.split(",")]
    (x, y), (test_x, test_y) = (peer.read_part(options.data, part) for part in ("train", "t10k"))
    x, test_x, rows = x.astype(float), test_x.astype(float), len(x) - options.valid
    t = numpy.eye(int(y.max()) + 1)[y]

    def errors(features, labels, weight, bias):
        return int(((features @ weight.T + bias).argmax(1) != labels).sum())

    solve = {"numpy": by_numpy, "scikit": by_scikit}[options.loop]
    alpha, weight, bias = min(solve(x[:rows], t[:rows], alphas),
                              key=lambda answer: errors(x[rows:], y[rows:], *answer[1:]))  # the first of equals
    loss = float(((x[:rows] @ weight.T + bias - t[:rows]) ** 2).sum(1).mean() / 2)
    peer.emit({"loss": loss, "errors": errors(test_x, test_y, weight, bias), "winner": f"alpha {alpha:g}",
               "versions": {"numpy": numpy.__version__, "scipy": scipy.__version__}})


if __name__ == "__main__":
    main()
