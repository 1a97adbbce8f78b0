export default function RolesPage() {
  return <h1>Roles</h1>;
}
