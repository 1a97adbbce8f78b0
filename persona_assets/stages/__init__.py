"""Which file of the lake is the right one under the study's settings of today, stage by stage."""
