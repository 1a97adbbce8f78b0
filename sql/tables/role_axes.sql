-- Where roles lie on the assistant axis and on the principal components.
create table role_axes (
    sae varchar not null,
    axis varchar not null,
    role varchar not null,
    position double,
    explained_variance double,
    cosine_with_assistant double,
    reason varchar
);
comment on table role_axes is 'Positions of the compared roles in the space of the selected features; what is said of an axis stands beside each role';
comment on column role_axes.axis is 'assistant: from the mean of all other roles to the study''s anchor; pc1 to pc10: principal components of roles';
comment on column role_axes.position is 'Along the axis, from the mean of all roles; NULL on the assistant axis where there is none';
comment on column role_axes.explained_variance is 'The component''s share of the variance; NULL for the assistant axis';
comment on column role_axes.cosine_with_assistant is 'Of the axis with the assistant axis; NULL where there is none. pc1 points as that does';
comment on column role_axes.reason is 'Why there is no assistant axis';
