export default function RolePage() {
  return <h1>Role</h1>;
}
