// How wide the window is, in the steps that the layout knows.
class Screen {
  phone = $state(false);
  narrow = $state(false);
  constructor() {
    const phone = matchMedia('(max-width: 599px)');
    const narrow = matchMedia('(max-width: 1023px)');
    const read = () => {
      this.phone = phone.matches;
      this.narrow = narrow.matches;
    };
    read();
    phone.addEventListener('change', read);
    narrow.addEventListener('change', read);
  }
}
export const screen = new Screen();
