"""Softmax regression to an objective: optimum.py DATA plain|double|intelex|liblinear --penalty L [--epochs N].

scikit-learn's L-BFGS for N iterations in single or double precision, plain or by scikit-learn-intelex: the seconds of the fit, and
the objective that it reaches, mean loss + (L/2)·‖W‖² in double precision. C = 1/(L·n); L = 0 is all but no penalty, C = 1e10.
LIBLINEAR has no softmax: its primal solver (a trust region's Newton method, the bias free of the penalty as it is here) trains one
class against the rest, to its own tolerance, and its loss is the mean over rows of the classes' losses together.
"""
from importlib.metadata import version

import numpy
import peer
import scikit


def objective(weight, loss, penalty):
    return loss + penalty / 2 * float((numpy.asarray(weight, float) ** 2).sum())


def by_scikit(options, x, y, inverse):
    kind, versions = scikit.estimator(options.loop)
    x = x.astype(float) if options.loop == "double" else x
    kind(max_iter=1).fit(x, y)  # starts the threads
    model = kind(C=inverse, tol=0, max_iter=options.epochs)
    seconds = peer.timed(lambda: model.fit(x, y))
    score = peer.score(options.data, model.coef_, model.intercept_)
    return {"samples": [seconds], "epochs": int(model.n_iter_[0]), "versions": versions, **score,
            "objective": objective(model.coef_, score["loss"], options.penalty)}


def by_liblinear(options, x, y, inverse):
    from liblinear.liblinearutil import parameter, problem, train
    from scipy.sparse import csr_matrix
    sparse = problem(y, csr_matrix(x.astype(float)), bias=1)
    setting = parameter(f"-s 0 -c {inverse!r} -B 1 -R -q")
    models = []
    seconds = peer.timed(lambda: models.append(train(sparse, setting)))
    found = models[0]
    weight, bias = numpy.zeros((found.get_nr_class(), x.shape[1])), numpy.zeros(found.get_nr_class())
    for index, label in enumerate(found.get_labels()):  # in the order of their first rows
        coefficients, bias[label] = found.get_decfun(index)
        weight[label, :len(coefficients)] = coefficients
    margins = (x @ weight.T + bias) * numpy.where(y[:, None] == numpy.arange(len(bias)), 1, -1)
    loss = float(numpy.logaddexp(0, -margins).sum(1).mean())
    return {"samples": [seconds], "versions": {"liblinear": version("liblinear-official")}, "loss": loss,
            "errors": peer.score(options.data, weight, bias)["errors"],
            "objective": objective(weight, loss, options.penalty)}


def main():
    options = peer.parse(penalty=float)
    x, y = peer.read_part(options.data, "train")
    inverse = 1 / (options.penalty * len(x)) if options.penalty else 1e10
    solve = by_liblinear if options.loop == "liblinear" else by_scikit
    peer.emit({"unit": "s", **solve(options, x, y, inverse)})


if __name__ == "__main__":
    main()
