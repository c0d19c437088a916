"""Prices of a plan in one table, each with its kind: fixed-integer dual (``fixed``), LP-relaxation
dual (``relaxed``), convex-hull price (``hull``) and finite difference (``resolve``). Duals are
proved, finite differences are bounded.

:func:`paxsilica.prices.report.price_table` computes the table.
:func:`paxsilica.prices.report.with_prices` puts it into a plan, and the record of its proof into
the plan's manifest.
"""
