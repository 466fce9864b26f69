"""The flagship as a loop over time steps in PyTorch; what `benchmarks.peers` compares with. Needs torch and numpy.

``python benchmarks/flagship_torch.py CASE.npz BATCH``: learns the images of the file once, BATCH at a time, in single
precision on one thread, and prints microseconds of processor an image and the share of right answers while learning.
The rules are those of `SBPNetwork` with weighted/activity reports; within a batch all images meet the same weights, and
their changes are added at its end, so with more than one it is another learning.
"""

import sys
import time

import numpy as np
import torch

STEPS, FIRST_TAUGHT = 20, 4


def main():
    """Learn once, and print what it took."""
    case, batch = np.load(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    hidden, output = (torch.tensor(case[name], dtype=torch.float32) for name in ("hidden", "output"))
    bias = torch.zeros(hidden.shape[1])
    images, labels = torch.tensor(case["images"], dtype=torch.float32) / 255, torch.tensor(case["labels"]).long()
    rate_hidden, rate_output, right = float(case["rate_hidden"]), float(case["rate_output"]), 0
    began = time.process_time()
    with torch.no_grad():
        for first in range(0, len(images), batch):
            x, y = images[first : first + batch], labels[first : first + batch]
            wanted = torch.nn.functional.one_hot(y, output.shape[1]).bool()
            drive = x @ hidden + bias
            v, s, reported = (torch.zeros_like(drive) for _ in range(3))
            o, c = torch.full((len(x), output.shape[1]), 0.5), torch.zeros(len(x), output.shape[1])
            arriving, changes = torch.zeros_like(o), torch.zeros_like(output)
            for step in range(STEPS):
                v += drive.clamp(0, 1)
                fired = (v >= 1).float()
                o = (o + arriving).clamp(0, 2)
                answered = o >= 1
                arriving = fired @ (output + changes if batch == 1 else output)
                if step >= FIRST_TAUGHT:
                    error = (wanted & ~answered).float() - (~wanted & answered).float()
                    if error.any():
                        error *= rate_output / (step + 1)
                        weights = output + changes if batch == 1 else output
                        reported += (s / s.clamp(min=1)) * (error @ weights.T)
                        changes += s.T @ error
                v -= fired
                s += fired
                o -= answered.float()
                c += answered.float()
            output += changes
            hidden += rate_hidden * (x.T @ reported)
            bias += rate_hidden * reported.sum(0)
            right += int(((c + o / 2).argmax(1) == y).sum())
    print(1e6 * (time.process_time() - began) / len(images), right / len(images))


if __name__ == "__main__":
    main()
