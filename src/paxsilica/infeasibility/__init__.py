"""Why a case has no plan, and which changes would give it one."""
