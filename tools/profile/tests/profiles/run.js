// Makes node.cpuprofile: node --cpu-prof --cpu-prof-name node.cpuprofile run.js
const names = require("./shop/names.js");
const orders = require("./shop/orders.js");

class Client {
  name(key) {
    let text = "n";
    for (let i = 0; i < 40; i += 1) text += String.fromCharCode(110 + ((key + i) % 2));
    return text;
  }
}

const client = new Client();
const keys = Array.from({ length: 150000 }, (_, index) => index);
names.load(client, keys);
orders.load(client, keys.slice(0, 40000));
setTimeout(() => {}, 30);
