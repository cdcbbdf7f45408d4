// Takes the place of npm `react-style-singleton`, which writes <style> elements: the page allows none. It only keeps the
// page behind an open dialog from scrolling, and this page does not scroll.
export const stylesheetSingleton = () => ({ add() {}, remove() {} });
export const styleHookSingleton = () => () => {};
export const styleSingleton = () => () => null;
