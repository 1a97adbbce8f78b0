"""The values for Dagster's Helm chart, as far as they can be checked without a cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml
from dagster._config import process_config
from dagster._core.instance.config import dagster_instance_config_schema
from dagster_k8s.container_context import K8sContainerContext
from dagster_k8s.job import DagsterK8sJobConfig, UserDefinedDagsterK8sConfig, construct_dagster_k8s_job
from kubernetes.client import V1Container, V1JobSpec

from tests.cluster.servers import DEPLOY

VALUES = yaml.safe_load((DEPLOY / "kubernetes.yaml").read_text())
[DEPLOYMENT] = VALUES["dagster-user-deployments"]["deployments"]
LAUNCHER = VALUES["runLauncher"]["config"]["k8sRunLauncher"]


def snake(values: Mapping[str, Any]) -> dict[str, Any]:
    """The chart's keys as Dagster's own settings have them."""
    return {re.sub("(?=[A-Z])", "_", key).lower(): value for key, value in values.items()}


def run_of_study() -> V1JobSpec:
    """The Kubernetes job that a run becomes: the launcher's settings and those of the code's deployment."""
    of_launcher = K8sContainerContext(
        image_pull_policy=LAUNCHER["imagePullPolicy"],
        run_k8s_config=UserDefinedDagsterK8sConfig.from_dict(snake(LAUNCHER["runK8sConfig"])),
    )
    of_deployment = K8sContainerContext.create_from_config(
        {
            "k8s": {
                "env_secrets": [secret["name"] for secret in DEPLOYMENT["envSecrets"]],
                "env_vars": [f"{name}={value}" for name, value in DEPLOYMENT["env"].items()],
                "volumes": DEPLOYMENT["volumes"],
                "volume_mounts": DEPLOYMENT["volumeMounts"],
            }
        }
    )
    config = DagsterK8sJobConfig(
        job_image=":".join(DEPLOYMENT["image"][part] for part in ("repository", "tag")),
        dagster_home="/opt/dagster/dagster_home",
    )
    asked = of_launcher.merge(of_deployment).run_k8s_config
    return construct_dagster_k8s_job(config, ["dagster"], "run", user_defined_k8s_config=asked).spec


def container(spec: V1JobSpec) -> V1Container:
    [only] = spec.template.spec.containers
    return only


def test_a_run_is_a_pod_with_a_gpu_and_the_study_s_environment() -> None:
    spec = run_of_study()
    assert container(spec).resources.limits == {"nvidia.com/gpu": "1"}
    assert spec.ttl_seconds_after_finished == 7200
    [toleration] = spec.template.spec.tolerations
    assert toleration.key == "nvidia.com/gpu"
    environment = {variable.name: variable.value for variable in container(spec).env}
    assert environment.items() >= DEPLOYMENT["env"].items()
    assert [source.secret_ref.name for source in container(spec).env_from] == ["persona"]


def test_models_are_kept_on_a_volume_that_the_runs_mount() -> None:
    spec = run_of_study()
    mounts = {mount.name: mount.mount_path for mount in container(spec).volume_mounts}
    [volume] = [v for v in spec.template.spec.volumes if v.persistent_volume_claim is not None]
    assert mounts[volume.name] == DEPLOYMENT["env"]["HF_HOME"]


def test_the_settings_of_queue_monitoring_and_retries_are_dagster_s() -> None:
    concurrency = {name: snake(VALUES["concurrency"][name]) for name in ("pools", "runs")}
    daemon = VALUES["dagsterDaemon"]
    settings = {
        "concurrency": concurrency,
        "run_monitoring": snake(daemon["runMonitoring"]),
        "run_retries": snake(daemon["runRetries"]),
    }
    checked = process_config(dagster_instance_config_schema(), settings)
    assert checked.success, checked.errors
