"""Independent references in plain numpy: explicit sums over earlier spikes, no traces, no code of the library.

Times are in seconds; every function takes the arrival times of one synapse and returns its final weight. A spike that
coincides with one of the other side arrives first if it is presynaptic.
"""

import numpy as np


def past(times, now, tau, *, including_now, nearest=False):
    """What spikes up to `now` have left in an exponential memory."""
    times = np.asarray(times)
    earlier = times[times <= now + 1e-9] if including_now else times[times < now - 1e-9]
    if nearest:
        earlier = earlier[-1:]
    return float(np.sum(np.exp(-(now - earlier) / tau)))


def in_order(**trains):
    """(time, kind) of all events; those of one instant in the order in which the kinds are given."""
    rank = {kind: number for number, kind in enumerate(trains)}
    events = [(t, kind) for kind, times in trains.items() for t in times]
    return sorted(events, key=lambda event: (round(event[0], 9), rank[event[1]]))


def pair(w, pre, post, *, up, down, tau_up, tau_down, low, high, multiplicative, nearest):
    for now, kind in in_order(pre=pre, post=post):
        if kind == "pre":
            change = down * past(post, now, tau_down, including_now=False, nearest=nearest)
            w += change * (w - low if multiplicative else 1)
        else:
            change = up * past(pre, now, tau_up, including_now=True, nearest=nearest)
            w += change * (high - w if multiplicative else 1)
        w = min(max(w, low), high)
    return w


def triplet(w, pre, post, *, a2p, a3p, a2m, a3m, tau_plus, tau_minus, tau_x, tau_y, low, high, nearest):
    for now, kind in in_order(pre=pre, post=post):
        if kind == "pre":
            slow = past(pre, now, tau_x, including_now=False, nearest=nearest) if a3m else 0.0
            w -= past(post, now, tau_minus, including_now=False, nearest=nearest) * (a2m + a3m * slow)
        else:
            slow = past(post, now, tau_y, including_now=False, nearest=nearest)
            w += past(pre, now, tau_plus, including_now=True, nearest=nearest) * (a2p + a3p * slow)
        w = min(max(w, low), high)
    return w


def teacher(w, pre, output, teach, *, rate, tau, low=-np.inf, high=np.inf):
    for now, kind in in_order(output=output, teach=teach):
        change = rate * past(pre, now, tau, including_now=True)
        w = min(max(w + (change if kind == "teach" else -change), low), high)
    return w


def released(pre, *, U, tau_rec, tau_facil):
    """The share released by each spike of a Tsodyks-Markram synapse, from the gaps between its spikes."""
    shares, available, u, last = [], 1.0, 0.0, None
    for now in pre:
        if last is not None:
            available = 1 - (1 - available) * np.exp(-(now - last) / tau_rec)
            u = u * np.exp(-(now - last) / tau_facil) if tau_facil else 0.0
        u = u + U * (1 - u) if tau_facil else U
        shares.append(u * available)
        available -= shares[-1]
        last = now
    return np.array(shares)


def scaled(w, output, ticks, *, target, tau_rate, tau_scaling, period, high):
    for now in ticks:
        rate = past(output, now, tau_rate, including_now=True) / tau_rate
        w = min(w * np.exp(period / tau_scaling * (1 - rate / target)), high)
    return w


def all_at_once(w, pre, output, teach, *, delay, stp, pairs, triplets, teaching, low, high):
    """A synapse under four rules at once: their pieces run in the order in which the rules were added."""
    pre = np.asarray(pre) + delay
    shares, sent = iter(released(pre, **stp)), 0.0
    for now, kind in in_order(pre=pre, error=output, post=output, teach=teach):
        if kind == "pre":
            sent += w * next(shares)
            w = np.clip(w + pairs["down"] * past(output, now, pairs["tau_down"], including_now=False), low, high)
            slow = past(pre, now, triplets["tau_x"], including_now=False)
            fast = past(output, now, triplets["tau_minus"], including_now=False)
            w = np.clip(w - fast * (triplets["a2m"] + triplets["a3m"] * slow), low, high)
        elif kind == "post":
            w = np.clip(w + pairs["up"] * past(pre, now, pairs["tau_up"], including_now=True), low, high)
            slow = past(output, now, triplets["tau_y"], including_now=False)
            fast = past(pre, now, triplets["tau_plus"], including_now=True)
            w = np.clip(w + fast * (triplets["a2p"] + triplets["a3p"] * slow), low, high)
        else:
            change = teaching["rate"] * past(pre, now, teaching["tau"], including_now=True)
            w = np.clip(w + (change if kind == "teach" else -change), low, high)
    return float(w), sent
