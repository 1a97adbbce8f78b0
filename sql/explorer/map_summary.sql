-- What the map of the SAE $sae was made from and how true it is; no row where there is none.
select
    role_matrix_mode, n_roles, alive_count, pass_count, selected_count, sd_threshold, criterion, quality_k, preservation,
    preservation_null, map_stability, neighbors_stable, neighbor_null, similarity_null, axes_unit,
    pca_x_explained, pca_y_explained, note
from atlas_summary
where sae = $sae;
