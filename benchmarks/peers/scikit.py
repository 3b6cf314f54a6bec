"""scikit-learn, plain and accelerated by scikit-learn-intelex. Neither has minibatch SGD of the softmax loss: what they have is L-BFGS,
an iteration of which is a full-batch gradient or more (the line search), so that is what is timed: seconds an iteration."""
from importlib.metadata import version

import peer


def estimator(loop):
    """The class, and the versions of what it is made of."""
    if loop == "intelex":
        from sklearnex.linear_model import LogisticRegression
    else:
        from sklearn.linear_model import LogisticRegression
    return LogisticRegression, {name: version(name) for name in ("scikit-learn", "scikit-learn-intelex")}


def main():
    options = peer.parse()
    kind, versions = estimator(options.loop)
    x, y = peer.read_part(options.data, "train")
    kind(max_iter=1).fit(x, y)  # starts the threads
    model = kind(C=1e10, tol=0, max_iter=options.epochs)
    seconds = peer.timed(lambda: model.fit(x, y))
    peer.emit({"unit": "s", "samples": [seconds / int(model.n_iter_[0])], "epochs": options.epochs, "versions": versions,
               **peer.score(options.data, model.coef_, model.intercept_)})


if __name__ == "__main__":
    main()
