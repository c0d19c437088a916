"""Questions that take many solves: why there is no plan, why a project is in it or not, what each
partner is worth."""
