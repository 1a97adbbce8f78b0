-- How much a role alone has a feature: the order of its features unless another is asked for.
-- AUROC's lower end above 1/2 times the role's share of all roles' means: how loud a feature is does not matter. Where
-- the interval reaches below 1/2, by how much its lower end does: a small share makes nothing more distinct.
create macro distinctness(auroc_low, share) as least((auroc_low - 0.5) * share, auroc_low - 0.5);
