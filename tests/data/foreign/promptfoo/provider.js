// Says what is written here; "new" fails on the limit every second time, as a service may.
const SAID = {
  old: { How: "For 72 hours.", What: "Money back.", Is: "100 a second." },
  new: { How: "For 72 hours.", What: "It is given back.", Is: "100 a second." },
};
let asked = 0;

module.exports = class {
  constructor(options) {
    this.release = options.config.release;
    this.label = options.label;
  }
  id() {
    return "scripted:" + this.release;
  }
  async callApi(prompt) {
    const word = prompt.split(" ")[0];
    if (this.release === "new" && word === "Is" && asked++ % 2) return { error: "503 from the service" };
    return { output: SAID[this.release][word] };
  }
};
