// Looks around in the panorama with Pannellum, and draws the gaze over it at every change of view.
// All places are [yaw, pitch] in degrees, 0 at the middle of the picture, right and up positive.
"use strict";

const { people, cells } = JSON.parse(document.getElementById("gaze").textContent);
const start = people.map((person) => person.head || person.target).find(Boolean) || [0, 0];
const viewer = pannellum.viewer("panorama", {
  type: "equirectangular",
  panorama: document.getElementById("picture").textContent,
  autoLoad: true,
  yaw: start[0],
  pitch: start[1],
  minHfov: 10,
});
const heat = addCanvas(), lines = addCanvas();
const radians = (degrees) => (degrees * Math.PI) / 180;

function addCanvas() {
  // inside Pannellum's own element, which is what fills the screen; its buttons stay in front
  return document.getElementById("panorama").appendChild(document.createElement("canvas"));
}

// A function from [yaw, pitch] to [x, y] in pixels of the window, null for what is behind.
function projection(width, height) {
  const yaw = radians(viewer.getYaw()), pitch = radians(viewer.getPitch());
  const focal = width / 2 / Math.tan(radians(viewer.getHfov()) / 2);
  return (place) => {
    const turn = radians(place[0]) - yaw, up = radians(place[1]);
    const ahead = Math.cos(up) * Math.cos(turn), right = Math.cos(up) * Math.sin(turn);
    const depth = Math.sin(up) * Math.sin(pitch) + ahead * Math.cos(pitch);
    const above = Math.sin(up) * Math.cos(pitch) - ahead * Math.sin(pitch);
    if (depth < 0.05) return null;
    return [width / 2 + (focal * right) / depth, height / 2 - (focal * above) / depth];
  };
}

function trace(context, places, project) {
  context.beginPath();
  let previous = null;
  for (const place of places) {
    const point = project(place);
    if (point && previous) context.lineTo(...point);
    else if (point) context.moveTo(...point);
    previous = point;
  }
}

function stroke(context, person) {
  for (const [width, colour] of [[6, person.contrast], [3, person.colour]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

function drawLine(context, person, project) {
  context.setLineDash(person.outside ? [8, 12] : []);
  trace(context, person.line, project);
  stroke(context, person);
  context.setLineDash([]);
  const target = project(person.target);
  if (!target) return;
  context.beginPath();
  context.arc(...target, 11, 0, 2 * Math.PI);
  stroke(context, person);
  if (person.outside) return;
  context.beginPath();
  context.arc(...target, 4, 0, 2 * Math.PI);
  context.fillStyle = person.colour;
  context.fill();
}

function drawHead(context, person, project) {
  trace(context, person.box, project);
  stroke(context, person);
  const corners = person.box.map(project);
  if (corners.includes(null)) return;
  const left = Math.min(...corners.map((c) => c[0])), top = Math.min(...corners.map((c) => c[1]));
  const width = context.measureText(person.name).width + 12;
  context.fillStyle = person.colour;
  context.fillRect(left, top - 26, width, 20);
  context.fillStyle = person.contrast;
  context.fillText(person.name, left + 6, top - 16);
}

function drawHeat(context, person, project) {
  const [rows, columns] = cells;
  const corner = (row, column) => project([(column / columns) * 360 - 180, 90 - (row / rows) * 180]);
  context.fillStyle = person.colour;
  person.warmth.forEach((warmth, cell) => {
    if (warmth < 8) return;
    const row = Math.floor(cell / columns), column = cell % columns;
    const square = [[0, 0], [0, 1], [1, 1], [1, 0]].map(([r, c]) => corner(row + r, column + c));
    if (square.includes(null)) return;
    context.globalAlpha = (0.55 * warmth) / 255;
    context.beginPath();
    square.forEach((point) => context.lineTo(...point));
    context.fill();
  });
}

function cleared(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas, scale = window.devicePixelRatio;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.font = "14px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  return context;
}

function draw() {
  const { clientWidth: width, clientHeight: height } = lines, project = projection(width, height);
  const warm = cleared(heat), context = cleared(lines);
  if (document.getElementById("heat").checked) {
    const cell = ((width / 2) * radians(180 / cells[0])) / Math.tan(radians(viewer.getHfov()) / 2);
    heat.style.filter = `blur(${cell / 2}px)`;
    people.forEach((person) => drawHeat(warm, person, project));
  }
  for (const person of people) {
    context.globalAlpha = person.outside ? 0.6 : 1;
    if (document.getElementById("lines").checked && person.target) drawLine(context, person, project);
    context.globalAlpha = 1;
    if (person.box) drawHead(context, person, project);
  }
}

// Pannellum tells nobody when its view changes, so that it is compared with every frame.
let drawn = "";
function follow() {
  const boxes = [...document.querySelectorAll("#panel input")].map((box) => box.checked);
  const view = [viewer.getYaw(), viewer.getPitch(), viewer.getHfov(), ...boxes];
  const now = [...view, lines.clientWidth, lines.clientHeight, window.devicePixelRatio].join();
  if (now !== drawn) draw();
  drawn = now;
  requestAnimationFrame(follow);
}

function listed(person) {
  const row = document.createElement("tr");
  const colour = document.createElement("span");
  colour.className = "colour";
  colour.style.background = person.colour;
  const inside = person.inside === null ? "" : `inside ${Math.round(100 * person.inside)}%`;
  const jumps = ["head", "target"].map((end) => {
    const button = document.createElement("button");
    button.textContent = end;
    button.disabled = !person[end];
    button.onclick = () => viewer.lookAt(person[end][1], person[end][0], 60, 800);
    return button;
  });
  for (const content of [colour, person.name, inside, ...jumps]) {
    row.insertCell().append(content);
  }
  return row;
}

for (const person of people) {
  person.warmth = Uint8Array.from(atob(person.heat), (byte) => byte.charCodeAt(0));
  document.getElementById("people").append(listed(person));
}
follow();
