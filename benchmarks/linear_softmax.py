"""The linear control: softmax regression (scikit-learn) on the same images that the spiking networks see.

Run it from the checkout: ``python -m benchmarks.linear_softmax [mnist] [fashion-mnist] [yin-yang]``. The strength of
the penalty is chosen on validation samples, the test set is used once. Inputs are the bytes of the samples, over 255.
"""

import sys
import time

import numpy as np
from sklearn.linear_model import LogisticRegression

from sbp_brian.datasets import load_fashion_mnist, load_mnist
from sbp_brian.datasets.yin_yang import yin_yang

#: Inverse penalties tried; those of the digits are few because each fit takes a minute.
PENALTIES = {"mnist": (0.03, 0.3), "fashion-mnist": (0.03, 0.3), "yin-yang": (0.01, 0.1, 1, 10, 100)}


def splits(task):
    """Images and labels for fitting, validation and test."""
    if task == "yin-yang":
        return [yin_yang(n, seed) for n, seed in ((5000, 1), (1000, 2), (1000, 3))]
    load = {"mnist": load_mnist, "fashion-mnist": load_fashion_mnist}[task]
    return [load(part).arrays() for part in ("fit", "validation", "test")]


def main():
    """Print the accuracy on each task."""
    for task in sys.argv[1:] or PENALTIES:
        began = time.process_time()
        (x, y), (x_validation, y_validation), (x_test, y_test) = [(a / np.float32(255), b) for a, b in splits(task)]
        fits = [LogisticRegression(C=c, max_iter=100).fit(x, y) for c in PENALTIES[task]]
        scores = [fit.score(x_validation, y_validation) for fit in fits]
        best = int(np.argmax(scores))
        test = 100 * fits[best].score(x_test, y_test)
        print(
            f"{task}: test {test:.2f} % of {len(y_test):,} (C = {PENALTIES[task][best]}, "
            f"validation {100 * scores[best]:.2f} %, {len(y):,} samples; {time.process_time() - began:.0f} s CPU)"
        )


if __name__ == "__main__":
    main()
