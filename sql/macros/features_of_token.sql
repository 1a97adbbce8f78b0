-- Which features have their peaks on a token?
--
--     from features_of_token(' ye') limit 20;
--
-- Of the peaks that the evidence keeps, the strongest responses of each role. The token is meant letter by letter:
-- most begin with a space. n_peaks are a feature's peaks on it, in n_roles roles; share_of_peaks of all of the
-- feature's peaks, n_peaks_in_all, lie on it.
create macro features_of_token(wanted, sae := null) as table
with peaks as (
    select e.feature_id, e.role, e.pieces[peak_of(e.activations)] as piece
    from evidence as e
    where e.sae = chosen_sae(sae) and (select known_sae(sae))
),
counted as (
    select
        p.feature_id,
        count(*) filter (p.piece = wanted) as n_peaks,
        count(distinct p.role) filter (p.piece = wanted) as n_roles,
        count(*) as n_peaks_in_all
    from peaks as p
    group by p.feature_id
)
select
    c.feature_id,
    c.n_peaks,
    c.n_roles,
    c.n_peaks_in_all,
    c.n_peaks / c.n_peaks_in_all as share_of_peaks,
    d.description as label,
    d.label_worth
from counted as c
left join preferred_labels as d on d.sae = chosen_sae(sae) and d.feature_id = c.feature_id
where c.n_peaks > 0
order by c.n_peaks desc, share_of_peaks desc, c.feature_id;
comment on macro table features_of_token is 'Which features have their peaks on a token';
