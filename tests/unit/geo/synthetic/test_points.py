import numpy as np
from scipy.spatial import cKDTree

from geo.crs import to_metric
from geo.synthetic.city import DemoCity
from geo.synthetic.points import walking_posts
from geo.synthetic.sizes import HELSINKI

CRS = "EPSG:32635"


def test_numbers_ways_and_times(city: DemoCity) -> None:
    points = city.points.frame
    must = points[points["kind"] == "must_visit"]
    assert len(must) == HELSINKI.must_visit
    assert must["mode"].value_counts().to_dict() == {"car": 18, "foot": 12, "motorcycle": 6}
    assert must["dwell_seconds"].between(600, 900).all()
    assert must["visits"].isin([1, 2]).all()
    video = points[points["kind"] == "video"]
    assert len(video) == HELSINKI.video
    assert (video["mode"] == "video").all()
    assert points["name"].is_unique
    assert points["synthetic"].all()


def test_points_on_foot_are_around_the_posts_of_walking_crews(city: DemoCity) -> None:
    units = city.units.frame
    homes = set(units[units["kind"] == "foot"]["post_id"])
    posts = city.posts.frame
    starts = to_metric(city.posts.lonlat()[posts["post_id"].isin(homes).to_numpy()], CRS)
    foot = (city.points.frame["mode"] == "foot").to_numpy()
    gap, start = cKDTree(starts).query(to_metric(city.points.lonlat()[foot], CRS))
    assert gap.max() < 950
    assert len(set(start.tolist())) == HELSINKI.walkers_a_shift


def test_no_two_must_visit_points_coincide(city: DemoCity) -> None:
    must = (city.points.frame["kind"] == "must_visit").to_numpy()
    xy = to_metric(city.points.lonlat()[must], CRS)
    gap = cKDTree(xy).query(xy, k=2)[0][:, 1]
    assert gap.min() > 1.0


def test_walking_crews_start_where_the_calls_are_and_apart() -> None:
    posts = np.array([[0.0, 0.0], [100.0, 0.0], [5000.0, 0.0], [9000.0, 0.0]])
    demand = np.repeat([[50.0, 0.0], [5000.0, 10.0]], [30, 10], axis=0)
    assert walking_posts(posts, demand, 2).tolist() == [0, 2]
    assert sorted(walking_posts(posts, demand, 4).tolist()) == [0, 1, 2, 3]
