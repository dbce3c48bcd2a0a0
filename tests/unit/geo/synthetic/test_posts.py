import numpy as np
from scipy.spatial.distance import pdist

from geo.crs import to_metric
from geo.streets.snap import Snapper
from geo.streets.speeds import arc_milliseconds
from geo.streets.travel import Travel
from geo.synthetic.city import DemoCity
from geo.synthetic.sizes import HELSINKI


def test_numbers_names_and_kinds(city: DemoCity) -> None:
    posts = city.posts.frame
    assert len(posts) == HELSINKI.posts
    assert posts["kind"].value_counts().to_dict() == {"station": 2, "street_post": 6, "kiosk": 4}
    assert (posts["state"] == "fixed").all()
    assert posts["name"].is_unique
    assert posts["synthetic"].all()
    candidates = city.candidates.frame
    assert len(candidates) == HELSINKI.candidates
    assert (candidates["state"] == "candidate").all()
    assert not set(candidates["post_id"]) & set(posts["post_id"])


def test_every_station_stands_in_its_own_area(city: DemoCity) -> None:
    stations = city.posts.frame[city.posts.frame["kind"] == "station"]
    for name, place in zip(stations["name"], stations.geometry, strict=True):
        area = city.police_grids.frame[city.police_grids.frame["station_name"] == name].union_all()
        assert area.covers(place)


def test_no_two_posts_or_candidates_share_a_corner(city: DemoCity) -> None:
    every = np.vstack([city.posts.lonlat(), city.candidates.lonlat()])
    assert pdist(to_metric(every, "EPSG:32635")).min() > 3.0


def test_posts_stand_at_crossings(city: DemoCity) -> None:
    nodes = {tuple(c) for c in np.round(city.graph.node_lonlat, 6).tolist()}
    assert {tuple(c) for c in city.posts.lonlat().tolist()} <= nodes


def test_units_of_posts_are_those_of_the_unit_table(city: DemoCity) -> None:
    told = city.units.frame["post_id"].value_counts()
    posts = city.posts.frame.set_index("post_id")["units"]
    assert posts.sum() == HELSINKI.units
    assert posts[posts > 0].to_dict() == told.to_dict()


def test_every_post_and_point_can_be_reached_by_who_goes_there(city: DemoCity) -> None:
    points = city.points.frame
    for profile, mode in (("patrol_car", "car"), ("motorcycle", "motorcycle"), ("foot", "foot")):
        snapper = Snapper(city.graph, profile)
        travel = Travel(city.graph, arc_milliseconds(city.graph, profile), engine="cold")
        posts = snapper.snap(city.posts.lonlat())
        mine = snapper.snap(city.points.lonlat()[(points["mode"] == mode).to_numpy()])
        assert np.isfinite(travel.matrix(posts, mine)).all()
        assert np.isfinite(travel.matrix(mine, posts)).all()
