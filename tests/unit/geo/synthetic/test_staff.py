import numpy as np

from geo.grids.staffing import TEMPLATES
from geo.synthetic.staff import draw_grid_posts


def test_every_grid_has_every_role_and_some_posts_are_vacant() -> None:
    codes = [f"999001001001{k:03d}" for k in range(1, 401)]
    frame = draw_grid_posts(codes, rng=np.random.default_rng(1)).frame
    roles = {rule.role for template in TEMPLATES.values() for rule in template.rules}
    assert set(frame["role"]) == roles
    assert frame.groupby("unit_code")["role"].nunique().eq(len(roles)).all()
    workers = frame[frame["role"] == "worker"]["filled"]
    assert workers.isin([0, 1]).all()
    assert 0 < (workers == 0).sum() < 40
    assert frame[frame["role"] == "core"]["filled"].max() == 3


def test_no_person_is_named() -> None:
    assert draw_grid_posts(["999001001001001"], rng=np.random.default_rng(1)).frame["holder"].isna().all()
