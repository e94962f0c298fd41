"""Before the money is spent: what a design can show, what it takes to break even, and what it is worth to learn."""

from evalkit.planning.plan_file import PlannedStudy, load_plan
from evalkit.planning.planning import StudyPlan, plan_ahead
from evalkit.study_plan import PlanSettings
from evalkit.study_prior import Prior

__all__ = ["PlanSettings", "PlannedStudy", "Prior", "StudyPlan", "load_plan", "plan_ahead"]
