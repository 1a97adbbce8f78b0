"""Attribution: by which features a role's prompt makes the role's own answers likelier, to first order."""
