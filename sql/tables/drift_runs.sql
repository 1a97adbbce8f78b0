-- The conversations that were followed, and how each was measured.
create table drift_runs (
    run varchar not null,
    name varchar not null,
    sensitive boolean not null,
    sae varchar not null,
    model varchar not null,
    anchor varchar not null,
    pooling varchar not null,
    transform varchar not null,
    centered boolean not null,
    l2_normalized boolean not null,
    axis varchar not null,
    axis_cosine double not null,
    n_roles integer not null,
    compared_with varchar[] not null,
    score varchar not null,
    n_turns integer not null,
    n_tokens integer not null,
    n_draws integer not null,
    confound_norm double,
    confound_n_active_features double,
    confound_n_tokens double,
    confound_verdict varchar,
    conversation struct("role" varchar, content varchar)[] not null
);
comment on table drift_runs is 'Conversations followed away from the assistant, turn by turn; untrusted text';
comment on column drift_runs.run is 'The conversation''s hash: the same conversation is the same run, whatever it is called';
comment on column drift_runs.sensitive is 'Whether whoever gave the conversation wants it marked before it is shown';
comment on column drift_runs.model is 'The model that read the conversation';
comment on column drift_runs.anchor is 'The assistant''s role: the axis points to it';
comment on column drift_runs.pooling is 'How a turn''s and a role''s tokens are pooled: mean or max';
comment on column drift_runs.transform is 'What pooled activations go through: log1p or raw';
comment on column drift_runs.centered is 'Whether the mean of the roles is taken off every vector';
comment on column drift_runs.l2_normalized is 'Whether every vector is given length 1';
comment on column drift_runs.axis is 'difference: the anchor minus the mean of compared_with; pca: the first principal component of the roles';
comment on column drift_runs.axis_cosine is 'Cosine of these two ways to find the axis: far below 1 they tell different stories';
comment on column drift_runs.n_roles is 'How many roles the reference has';
comment on column drift_runs.score is 'The score shown first: projection, cosine_axis or cosine_anchor';
comment on column drift_runs.n_turns is 'How many messages are the assistant''s';
comment on column drift_runs.n_tokens is 'Of the conversation up to the end of its last answer, template included';
comment on column drift_runs.n_draws is 'Spans of the anchor''s responses behind each null band';
comment on column drift_runs.confound_norm is 'Pearson correlation of the score with the norm over turns; NULL with fewer than 3 turns';
comment on column drift_runs.confound_n_active_features is 'Pearson correlation of the score with n_active_features';
comment on column drift_runs.confound_n_tokens is 'Pearson correlation of the score with n_tokens';
comment on column drift_runs.confound_verdict is 'Of the strongest of the three: LOW, MODERATE from |r| 0.40 on, HIGH from 0.70 on';
comment on column drift_runs.conversation is 'Its messages in order';
