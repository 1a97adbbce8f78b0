-- How alike roles are.
create table role_similarity (
    sae varchar not null,
    role_a varchar not null,
    role_b varchar not null,
    similarity double
);
comment on table role_similarity is 'Every pair of compared roles, both ways, and each with itself';
comment on column role_similarity.similarity is 'Cosine of the two roles'' rows of the role matrix, over the selected features; NULL for a role that is zero in all';
