-- Does a feature peak on words of the role's own instructions or name?
--
--     from echoes('pirate') where p <= 0.05;
--
-- Of every role, or one, and every feature, or one (feature := 438), whose peaks the evidence keeps. n_echoes of the n_peaks
-- lie on a word of the role's name or of one of its instructions. chance is the share of the same peaks that lie on words of
-- another role's, in the mean; p counts the others whose words hold as many, and the role itself: the role's words are no
-- more alike to the peaks than another's. No p is below one over the number of roles.
create macro echoes(role := null, feature := null, sae := null) as table
with strongest as (
    select e.role, e.feature_id, e.pieces, peak_of(e.activations) as peak
    from evidence as e
    where e.sae = chosen_sae(sae) and (role is null or e.role = role) and (feature is null or e.feature_id = feature)
        and (select role is null or known_role(role, sae)) and (select feature is null or known_feature(feature, sae))
),
-- The word of a token goes on to its left, and to its right where the token ends in a letter.
peaks as (
    select
        s.role,
        s.feature_id,
        case when regexp_matches(s.pieces[s.peak], '[\p{L}\p{N}]') then lower(
            regexp_extract(array_to_string(s.pieces[:s.peak], ''), '([\p{L}\p{N}]+)[^\p{L}\p{N}]*$', 1)
            || if(
                regexp_matches(s.pieces[s.peak], '[\p{L}\p{N}]$'),
                regexp_extract(array_to_string(s.pieces[s.peak + 1:], ''), '^[\p{L}\p{N}]+'),
                ''
            )
        ) end as word
    from strongest as s
),
told as (
    select distinct
        i.role, unnest(regexp_extract_all(lower(i.role || ' ' || coalesce(i.instruction, '')), '[\p{L}\p{N}]+')) as word
    from instructions as i
),
n_peaks as (
    select p.role, p.feature_id, count(*)::integer as n from peaks as p group by p.role, p.feature_id
),
hits as (
    select p.role, p.feature_id, t.role as told, count(*)::integer as n, list_sort(list(distinct p.word)) as words
    from peaks as p
    join told as t on t.word = p.word
    group by p.role, p.feature_id, t.role
),
others as (
    select h.role, h.feature_id, sum(h.n) as n, count(*) filter (h.n >= o.n) as n_as_many
    from hits as h
    left join hits as o on o.role = h.role and o.feature_id = h.feature_id and o.told = h.role
    where h.told <> h.role
    group by h.role, h.feature_id
),
roles as (
    select count(distinct t.role) as n from told as t
)
select
    n.role,
    n.feature_id,
    n.n as n_peaks,
    coalesce(o.n, 0)::integer as n_echoes,
    coalesce(a.n, 0) / (n.n * nullif(r.n - 1, 0)) as chance,
    if(o.n is null, 1, (1 + coalesce(a.n_as_many, 0)) / r.n) as p,
    coalesce(o.words, []) as words
from n_peaks as n
cross join roles as r
left join hits as o on o.role = n.role and o.feature_id = n.feature_id and o.told = n.role
left join others as a on a.role = n.role and a.feature_id = n.feature_id
order by p, n_echoes desc, n.role, n.feature_id;
comment on macro table echoes is 'Whether a feature peaks on words of the role''s own instructions or name';
