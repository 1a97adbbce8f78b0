-- On how many tokens does a feature have which activation?
--
--     from token_histogram(438);
--
-- Of all roles together, or of one (role := 'pirate'). A bin is half an octave: bin b holds activations of at least
-- 2^(b/2) (from_activation) and below 2^((b + 1)/2) (to_activation); the bins between are there with 0. share is of
-- the feature's active tokens. n_roles have a histogram; no rows where none has: roles that were extracted before it
-- was kept get one by `persona run STUDY --select activations`.
create macro token_histogram(feature, role := null, sae := null) as table
with kept as (
    select s.role, s.first_bin, s.counts
    from token_shapes as s
    where s.sae = chosen_sae(sae) and s.feature_id = feature and (role is null or s.role = role)
        and (select known_feature(feature, sae)) and (select role is null or known_role(role, sae))
),
placed as (
    select k.role, unnest(k.counts) as n, k.first_bin - 1 + generate_subscripts(k.counts, 1) as bin from kept as k
),
summed as (
    select p.bin, sum(p.n) as n from placed as p group by p.bin
),
ends as (
    select min(s.bin) as low, max(s.bin) as high, sum(s.n) as n from summed as s
)
select
    b.bin::integer as bin,
    2 ** (b.bin / 2) as from_activation,
    2 ** ((b.bin + 1) / 2) as to_activation,
    coalesce(s.n, 0)::bigint as n_tokens,
    coalesce(s.n, 0) / e.n as share,
    (select count(distinct k.role) from kept as k)::integer as n_roles
from ends as e
cross join unnest(generate_series(e.low, e.high)) as b (bin)
left join summed as s on s.bin = b.bin
order by b.bin;
comment on macro table token_histogram is 'On how many tokens a feature has which activation';
