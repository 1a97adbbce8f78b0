-- On which tokens does each feature fire most, and where? Labels by rule are made of them.
--
-- A token counts with its strongest activation in all of the evidence; before and after are what stands
-- around it there. At most five of each feature are listed, the strongest first, none that reaches less than
-- half of the first.
with windows as (
    select
        feature_id, role, rank, pieces,
        unnest(activations) as activation,
        generate_subscripts(activations, 1) as position
    from evidence
    where sae = $sae
),
peaks as (
    select
        feature_id,
        pieces[position] as piece,
        max(activation) as peak,
        first({pieces: pieces, position: position} order by activation desc, role, rank, position) as place
    from windows
    where activation > 0 and pieces[position] <> ''
    group by all
),
ranked as (
    select
        feature_id, piece, peak, place,
        max(peak) over of_feature as highest,
        row_number() over (of_feature order by peak desc, piece) as nth
    from peaks
    window of_feature as (partition by feature_id)
)
select
    feature_id,
    array_to_string(place.pieces[: place.position - 1], '') as before,
    piece,
    array_to_string(place.pieces[place.position + 1 :], '') as after
from ranked
where nth <= 5 and peak >= highest / 2
order by feature_id, nth;
