"""Plans of the suite are made through here, so that every one of them is recomputed by the
audit."""

from __future__ import annotations

from paxsilica.audit import audit
from paxsilica.case import Case
from paxsilica.plan.result import Plan
from paxsilica.plan.solve import make_plan
from paxsilica.tables import Tables


def audited_plan(tables: Tables, case: Case, *, least_budget: bool = False) -> Plan:
    """The plan of ``case`` on ``tables``; fails with every finding if the audit has any."""
    plan = make_plan(tables, case, least_budget=least_budget)
    findings = audit(plan, tables, case)
    assert not findings, "\n".join(map(str, findings))
    return plan
