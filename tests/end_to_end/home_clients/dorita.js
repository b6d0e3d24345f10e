// dorita980 as its users use it: `dorita.js discover|drive ADDRESS [BLID PASSWORD]`.
// Prints one JSON object on its last line; the test beside judges it.
'use strict';

const dorita980 = require('dorita980');

const print = (said) => { console.log(JSON.stringify(said)); process.exit(0); };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until (isSo, what) {
  for (let n = 0; n < 800; n++) {
    if (await isSo()) return;
    await pause(50);
  }
  throw new Error('too late: ' + what);
}

const [what, address, blid, password] = process.argv.slice(2);

if (what === 'discover') {
  dorita980.discovery((error, robot) => {
    if (error) throw error;
    dorita980.getRobotPublicInfo(address, (failed, one) => {
      if (failed) throw failed;
      print({ everybody: [robot.hostname.split('-')[1]], one: { blid: one.blid, name: one.robotname, sku: one.sku } });
    });
  }, true);
} else {
  const robot = new dorita980.Local(blid, password, address);
  robot.on('connect', async () => {
    const phase = async () => (await robot.getMission()).cleanMissionStatus.phase;
    const said = { state: { name: (await robot.getRobotState(['name', 'signal'])).name, phase: await phase() }, phases: {} };
    said.mission = Object.keys(await robot.getMission()).sort();
    said.wireless = Object.keys(await robot.getWirelessStatus()).sort();
    said.sku = await robot.getSKU();
    if (!('cleanSchedule2' in await robot.getRobotState(['name']))) {
      said.sys = Object.keys(await robot.getSys()).length;
      said.week = (await robot.getWeek()).cycle.length;
      said.preferences = 'vacHigh' in await robot.getPreferences();
    }
    for (const [command, wanted] of [['start', 'run'], ['pause', 'stop'], ['resume', 'run'], ['pause', 'stop'], ['dock', 'hmUsrDock']]) {
      // as a person would: again after some seconds, since a robot that empties its bin is busy
      let sent = 0;
      await until(async () => {
        if (Date.now() - sent > 3000) { sent = Date.now(); await robot[command](); await pause(100); }
        return await phase() === wanted;
      }, command);
      const last = (await robot.getRobotState(['lastCommand'])).lastCommand;
      said.phases[command] = last.command === command ? wanted : last.command;
    }
    await robot.setCarpetBoostEco();
    await robot.setEdgeCleanOff();
    await robot.setCleaningPassesTwo();
    await robot.setAlwaysFinishOff();
    const state = () => robot.getRobotState(['openOnly']);
    await until(async () => { const s = await state(); return s.openOnly === true && s.twoPass === true && s.binPause === true && s.carpetBoost === false; }, 'settings');
    const now = await state();
    said.settings = { carpetBoost: now.carpetBoost, vacHigh: now.vacHigh };
    await until(async () => await phase() === 'charge', 'docked');
    await pause(1000); // it may begin to empty its bin
    await until(async () => await phase() === 'charge', 'emptied');
    robot.end(false, () => print(said));
  });
}
