export { paths } from "../generated/paths";
