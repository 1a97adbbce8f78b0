-- Is a feature stronger at the beginning of responses, or at their end?
--
--     from feature_position(438);
--
-- One row. position_correlation is Pearson's, of a token's activation (zeros too) with its place in the response, over
-- all pooled tokens of the responses in which the feature fires, both less their means within the response: no
-- difference between responses enters. low and high are its 95% interval, by the jackknife over roles (each left out
-- in turn) and Student's t: roles are a random sample, the questions are those that were asked. NULL of
-- fewer than four roles. mean_place is that of the tokens on which it is active: 0 the first, 1 the last.
-- n_roles of those that fire it have the sums; none has that was extracted before they were kept.
create macro feature_position(feature, sae := null) as table
with sums as (
    select
        s.place_products as xy,
        s.place_squares as xx,
        s.squares as yy,
        s.place_sum as places,
        list_sum(s.counts) as n_active
    from token_shapes as s
    where s.sae = chosen_sae(sae) and s.feature_id = feature and s.place_squares is not null
        and (select known_feature(feature, sae))
),
whole as (
    select count(*) as n, sum(xy) as xy, sum(xx) as xx, sum(yy) as yy, sum(places) / sum(n_active) as place from sums
),
without as (
    select (w.xy - s.xy) / nullif(sqrt(greatest((w.xx - s.xx) * (w.yy - s.yy), 0)), 0) as r
    from sums as s
    cross join whole as w
),
spread as (
    select count(r) as n, sqrt((count(r) - 1) * var_pop(r)) as error from without
),
found as (
    select
        w.n as n_roles,
        w.xy / nullif(sqrt(w.xx * w.yy), 0) as r,
        (1 + w.place) / 2 as place,
        if(s.n = w.n and s.n >= 4, s.error * t_of_95(s.n - 1), null) as margin
    from whole as w
    cross join spread as s
)
select
    f.n_roles::integer as n_roles,
    f.place as mean_place,
    f.r as position_correlation,
    if(f.margin is not null, greatest(f.r - f.margin, -1), null) as position_low,
    if(f.margin is not null, least(f.r + f.margin, 1), null) as position_high
from found as f;
comment on macro table feature_position is 'Whether a feature is stronger at the beginning of responses, or at their end';
