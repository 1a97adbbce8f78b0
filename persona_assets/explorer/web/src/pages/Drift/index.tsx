export default function DriftPage() {
  return <h1>Drift</h1>;
}
