import { EditorView } from "@codemirror/view";

/**
 * Put what is typed over a selection in its place: the browser would keep the colours of the selected text in a style
 * attribute, which the content security policy refuses. Whoever handles typing (brackets that close themselves) is asked first.
 */
export const overSelection = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { inputType, data, isComposing } = event;
    const { from, to, empty } = view.state.selection.main;
    if (inputType !== "insertText" || data === null || isComposing || empty) return false;
    const inserted = () => view.state.update(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, from, to, data, inserted))) view.dispatch(inserted());
    return true;
  },
});
