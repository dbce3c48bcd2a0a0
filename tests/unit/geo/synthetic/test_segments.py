import shapely

from geo.grids.chainage import ChainedLine
from geo.grids.linear import OWNERS, check_segments
from geo.streets.graph import StreetGraph
from geo.synthetic.grids import Ground
from geo.synthetic.segments import draw_linear_grids


def test_a_main_road_is_cut_without_gap_or_overlap_and_owned_on_five_levels(graph: StreetGraph, ground: Ground) -> None:
    table = draw_linear_grids(graph, ground.communities, ground.community_shapes())
    frame = table.frame
    assert len(frame) >= 4
    name = str(frame["line"].iloc[0])
    whole = shapely.line_merge(shapely.union_all(frame.geometry.to_numpy()))
    report = check_segments(table, {name: ChainedLine.of(whole)}, tolerance_m=0.5)
    assert (report.gaps, report.overlaps, report.beyond, report.unowned) == ((), (), (), {})
    assert frame[list(OWNERS)].notna().all().all()
    assert set(frame["owner_village"]) <= set(ground.communities.name)
    streets = shapely.union_all([shapely.LineString(graph.arc_lonlat(a)) for a in range(graph.arcs)])
    assert shapely.dwithin(streets, frame.geometry.to_numpy(), 1e-6).all()
