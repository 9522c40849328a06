#!/usr/bin/env bash
# statsmodels 0.15.0 with pandas 2.3.3 and scipy 1.17.1, seen 2026-12-01.
#
# How many findings a unit should have for the persons checked there is a Poisson regression with an exposure, and `predict()` of it says them: for
# the table that it was fitted to they add up to what was seen. `predict(table)` with the very same table, which is how one asks for other units or
# the next quarter, gives rates per one person instead, without a word: 2.3 findings in all where 360 were expected. The model knows the exposure
# as numbers, not as a column, and takes 1 where a table is handed over. So do Poisson, GLM and GEE, with `exposure=` and with
# `offset=`, and `get_prediction`, with its intervals; that of GLM does so for its own table, too.
# Where visits are alike in size the rates still order the units rightly, which hides it.
#
# Seen: as asserted below. Hand the exposure over each time: `predict(table, exposure=table["checked"])`.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q statsmodels==0.15.0 pandas==2.3.3 scipy==1.17.1
cd "$place"
"$place/venv/bin/python" - <<'PY'
import warnings

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf

random = np.random.default_rng(1)
table = pd.DataFrame({"checked": random.integers(20, 300, 60), "kind": random.choice(["xa", "phuong"], 60)})
table["found"] = random.poisson(table["checked"] * np.where(table["kind"] == "xa", 0.03, 0.05))
checked, logs, poisson = table["checked"], np.log(table["checked"]), sm.families.Poisson()
warnings.simplefilter("error")
fitted = {
    "GLM": (smf.glm("found ~ kind", table, family=poisson, exposure=checked).fit(), {"exposure": checked}),
    "GLM, offset": (smf.glm("found ~ kind", table, family=poisson, offset=logs).fit(), {"offset": logs}),
    "Poisson": (smf.poisson("found ~ kind", table, exposure=checked).fit(disp=0), {"exposure": checked}),
    "GEE": (smf.gee("found ~ kind", "kind", table, family=poisson, exposure=checked).fit(), {"exposure": checked}),
}
seen = table["found"].sum()
for name, (fit, exposure) in fitted.items():
    own, given, asked = fit.predict().sum(), fit.predict(table).sum(), fit.predict(table, **exposure).sum()
    print(f"{name}: seen {seen}, fitted {own:.1f}, for the same table {given:.3f}, with its exposure again {asked:.1f}")
    assert abs(own - seen) < 0.01 and abs(asked - seen) < 0.01
    assert abs(given - (fit.predict() / checked).sum()) < 0.01 and given < seen / 100
model = fitted["GLM"][0]
for what, said in {"another table's": model.get_prediction(table), "its own": model.get_prediction()}.items():
    print(f"get_prediction of {what}: {said.predicted_mean.sum():.3f}")
    assert said.predicted_mean.sum() < seen / 100
PY
