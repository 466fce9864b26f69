"""Campaigns that look for faults: many cases drawn from a seed, each checked, the failures told so that they come back.

    python -m campaigns kills --n 500 --seed 0        # the whole campaign, in parallel
    python -m campaigns kills --seed 0 --only 17      # one case again

A campaign is a module with `draw`, which makes the case of any index from the seed alone, and `check`, which carries
cases out in a folder of their own and says what is wrong. `campaigns.summary` writes what was found to
``campaigns/results/NAME.json``; docs/reliability.md is made from these files (``make tables``).
"""
