-- What features are selected, mapped and compared by: M of the features that passed.
create view role_matrix as
select f.sae, f.feature_id, f.role, f.value, f.raw
from {files} as f;
comment on view role_matrix is 'The role matrix M of the features that passed the selection; read from the lake';
comment on column role_matrix.value is 'M: the role''s mean less what all roles do on the same responses, or log(1 + role mean): see atlas_summary.role_matrix_mode';
comment on column role_matrix.raw is 'The role''s mean over its responses (strategy max: its maximum); units of SAE activation';
