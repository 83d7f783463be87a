"""Every way of being hostile that a plan may name."""

from tests.simulation.whole.hostile.port import Library
from tests.simulation.whole.hostile.proposals import PROPOSALS
from tests.simulation.whole.hostile.snapshots import SNAPSHOTS
from tests.simulation.whole.hostile.views import VIEWS
from tests.simulation.whole.hostile.votes import VOTES

BEHAVIOURS: Library = {**PROPOSALS, **VOTES, **VIEWS, **SNAPSHOTS}
