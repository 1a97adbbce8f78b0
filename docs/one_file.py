"""What happens where partitions are written into one DuckDB file: `python docs/one_file.py`.

Eight processes each materialize one partition with dagster-duckdb's I/O manager, once alone and once while
somebody has the file open to read, as an analyst does. Prints how each ended. This project's own answer is in
tests/test_concurrency.py.
"""

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence

import dagster as dg
import duckdb
import pyarrow as pa
from dagster._core.storage.db_io_manager import DbTypeHandler, TableSlice
from dagster_duckdb import DuckDBIOManager

ROLES = [f"role_{number}" for number in range(8)]


class ArrowHandler(DbTypeHandler[pa.Table]):
    """Stores an Arrow table: the I/O manager itself leaves the types to handlers."""

    def handle_output(
        self, context: dg.OutputContext, table_slice: TableSlice, obj: pa.Table, connection: object
    ) -> None:
        """Append the partition's rows."""
        assert isinstance(connection, duckdb.DuckDBPyConnection)
        name = f"{table_slice.schema}.{table_slice.table}"
        connection.register("arriving", obj)
        connection.execute(f"create table if not exists {name} as select * from arriving limit 0")
        connection.execute(f"insert into {name} select * from arriving")

    def load_input(self, context: dg.InputContext, table_slice: TableSlice, connection: object) -> pa.Table:
        """Nothing reads here."""
        raise NotImplementedError

    @property
    def supported_types(self) -> Sequence[type[object]]:
        """Arrow tables."""
        return [pa.Table]


class OneFile(DuckDBIOManager):
    """The I/O manager over one file."""

    @staticmethod
    def type_handlers() -> Sequence[DbTypeHandler[pa.Table]]:
        """Arrow only."""
        return [ArrowHandler()]


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(ROLES), metadata={"partition_expr": "role"})
def role_features(context: dg.AssetExecutionContext) -> pa.Table:
    """A small partition."""
    return pa.table({"role": [context.partition_key] * 1000, "feature_id": list(range(1000))})


def write(file: str, role: str) -> None:
    """Materialize one partition."""
    dg.materialize([role_features], partition_key=role, resources={"io_manager": OneFile(database=file)})


def write_all(file: str) -> Counter[str]:
    """Eight processes at once; how they ended."""
    command = [sys.executable, "-W", "ignore", __file__, file]
    writers = [
        subprocess.Popen([*command, role], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for role in ROLES
    ]
    ended: Counter[str] = Counter()
    for writer in writers:
        _, said = writer.communicate()
        reasons = [line for line in said.splitlines() if "Error:" in line]
        ended["written" if writer.returncode == 0 else reasons[-1].split(' "')[0]] += 1
    return ended


def main() -> None:
    """Print the comparison."""
    for held in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/one.duckdb"
            write(file, ROLES[0])
            reader = duckdb.connect(file, read_only=True) if held else None
            start = time.monotonic()
            ended = write_all(file)
            situation = "a reader has the file open" if held else "nobody reads"
            print(f"{situation}, {time.monotonic() - start:.0f} s:")
            for how, count in ended.most_common():
                print(f"  {count} of {len(ROLES)} partitions: {how}")
            if reader is not None:
                reader.close()


if __name__ == "__main__":
    write(*sys.argv[1:]) if len(sys.argv) > 1 else main()
