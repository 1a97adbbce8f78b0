-- The features on the map of the SAE $sae, the best first; $roles: all roles that preferred_role may point to.
select
    a.feature_id, a.umap_x, a.umap_y, a.pca_x, a.pca_y,
    list_position($roles::varchar[], a.preferred_role) - 1 as preferred_role,
    list_transform(a.top_roles, lambda top: list_position($roles::varchar[], top.role) - 1) as top_roles,
    list_transform(a.top_roles, lambda top: round(top.share, 3)) as top_shares,
    l.description as label,
    a.score, a.stability, a.sd, a.mu, a.pref_ratio, a.active_frac, a.cv,
    a.mean_activation, a.max_activation, a.bridge_entropy
from atlas as a
left join preferred_labels as l on l.sae = a.sae and l.feature_id = a.feature_id
where a.sae = $sae
order by a.rank;
