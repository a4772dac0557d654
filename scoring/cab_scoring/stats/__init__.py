"""What many attempts say, and how surely. Pure; needs the extra ``[stats]``.

``intervals``: rates and ratios, with 95 % intervals; ``compare``: two arms, or the ranks of many;
``variance``: what of a pass is agent, model, task and chance; ``frontier``: pass against cost.
"""
