"""A sample of each built-in gateway for the conformance kit: how its provider writes, signs and answers.

The formats are those of the tables in the gateways' own tests, which name their sources.
"""

from __future__ import annotations

from tests.gateways.sample_links import LINKS
from tests.gateways.samples_georgia import GEORGIA
from tests.gateways.samples_world import WORLD

SAMPLES = {sample.gateway: sample for sample in (*WORLD, *GEORGIA, *LINKS)}
