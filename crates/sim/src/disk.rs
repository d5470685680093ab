//! A disk under the real disk storage, with its faults: power that goes off in the middle of a
//! call, a write or a sync that fails and lands later, no room, short writes, a sync that lies.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headwater_journal::Map;
use headwater_journal::disk::fs::{File, Fs};

use crate::platter::{Inode, Platter, SECTOR_BYTES};
use crate::{Random, Survival};

/// What goes wrong. The default is nothing.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The call that changes something (counted from 1) at which the power goes off. A write is cut
    /// anywhere; nothing works afterwards.
    pub power_off_at: Option<u64>,
    /// Syncs fail once in so many.
    pub sync_fails_once_in: Option<u64>,
    /// From this sync on (counted from 1) every sync fails.
    pub sync_fails_from: Option<u64>,
    /// Writes fail once in so many. Of each sector it is open whether it was written, or will be.
    pub write_fails_once_in: Option<u64>,
    /// Writes take fewer bytes than they are given once in so many.
    pub short_write_once_in: Option<u64>,
    /// Bytes that fit onto the disk.
    pub room_bytes: Option<usize>,
    /// The syncs (counted from 1) that answer without having done anything.
    pub lying_syncs: Vec<u64>,
}

/// A sync that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// Which call that changes something it was, counted from 1.
    pub change: u64,
    /// What it was to make durable.
    pub what: Durable,
}

/// What a sync makes durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Durable {
    /// The bytes of the file that has this name now.
    Bytes(PathBuf),
    /// The names that a folder got since it was last synced.
    Names(Vec<PathBuf>),
}

/// A simulated disk. A clone is the same disk.
#[derive(Clone)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

struct State {
    platter: Platter,
    faults: Faults,
    random: Random,
    /// When what is on its way lands.
    landing: Random,
    /// Of what it is known to be in memory.
    in_memory: Random,
    changes: u64,
    syncs: Vec<Synced>,
    removals: Vec<(u64, PathBuf)>,
    is_off: bool,
}

impl SimDisk {
    /// An empty disk whose chances come from `seed`.
    pub fn new(seed: u64) -> SimDisk {
        SimDisk::with(Platter::default(), Random::new(seed))
    }

    fn with(platter: Platter, random: Random) -> SimDisk {
        let state = State {
            platter,
            faults: Faults::default(),
            landing: Random::new(random.clone().draw()),
            in_memory: Random::new(!random.clone().draw()),
            random,
            changes: 0,
            syncs: Vec::new(),
            removals: Vec::new(),
            is_off: false,
        };
        SimDisk {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Lets things go wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// How many calls have changed something.
    pub fn changes(&self) -> u64 {
        self.state().changes
    }

    /// How many syncs there were, of files and of folders.
    pub fn syncs(&self) -> u64 {
        self.state().syncs.len() as u64
    }

    /// The syncs, of files and of folders, in order: the first is the one that is counted as 1.
    pub fn syncs_made(&self) -> Vec<Synced> {
        self.state().syncs.clone()
    }

    /// The files that were removed, each with the call that did: which one of those that change
    /// something, counted from 1.
    pub fn removals(&self) -> Vec<(u64, PathBuf)> {
        self.state().removals.clone()
    }

    /// Whether the power has gone off.
    pub fn is_off(&self) -> bool {
        self.state().is_off
    }

    /// The disk as the next process finds it, without faults. This one is off.
    pub fn power_cycle(&self, survival: Survival) -> SimDisk {
        let mut state = self.state();
        state.is_off = true;
        let mut random = match survival {
            Survival::Drawn(seed) => Random::new(seed),
            _ => state.random.clone(),
        };
        let platter = state.platter.survive(survival, &mut random);
        SimDisk::with(platter, random)
    }

    /// Another disk with all that is on this one, without faults.
    pub fn copy(&self) -> SimDisk {
        let state = self.state();
        SimDisk::with(state.platter.clone(), state.random.clone())
    }

    /// Every file with its bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        self.state().platter.files()
    }

    /// Changes bits of a byte that is there, durably.
    pub fn flip(&self, path: &Path, at: usize, bits: u8) {
        let mut state = self.state();
        let inode = state.platter.inode(path).expect("the file is there");
        let file = state.platter.file_mut(inode);
        let byte = file.bytes()[at] ^ bits;
        file.write(at, &[byte]);
        file.sync();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn powered(&self) -> io::Result<()> {
        if self.is_off {
            Err(io::Error::other("the power is off"))
        } else {
            Ok(())
        }
    }

    /// Counts a call that changes something; the power may go off before it does.
    fn change(&mut self) -> io::Result<()> {
        self.powered()?;
        self.changes += 1;
        self.platter.land_some(&mut self.landing);
        if self.faults.power_off_at == Some(self.changes) {
            self.is_off = true;
        }
        self.powered()
    }

    fn happens(&mut self, once_in: Option<u64>) -> bool {
        once_in.is_some_and(|times| self.random.once_in(times))
    }

    fn write(&mut self, inode: Inode, bytes: &[u8], at: usize) -> io::Result<usize> {
        if let Err(off) = self.change() {
            if self.faults.power_off_at.take() == Some(self.changes) {
                let part = cut(at, bytes.len(), &mut self.random);
                self.platter.file_mut(inode).write(at, &bytes[..part]);
            }
            return Err(off);
        }
        if self.happens(self.faults.write_fails_once_in) {
            let file = self.platter.file_mut(inode);
            file.fail_write(at, bytes, &mut self.random);
            return Err(io::Error::other("the write failed"));
        }
        let mut part = bytes.len();
        if self.happens(self.faults.short_write_once_in) {
            part = match cut(at, part, &mut self.random) {
                0 => part,
                short => short,
            };
        }
        let room = self.room(inode, at);
        if room < part {
            part = whole_sectors(at, room);
        }
        if part == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.platter.file_mut(inode).write(at, &bytes[..part]);
        Ok(part)
    }

    /// How many bytes can be written there before the disk is full.
    fn room(&self, inode: Inode, at: usize) -> usize {
        let Some(room) = self.faults.room_bytes else {
            return usize::MAX;
        };
        let inside = self.platter.file(inode).bytes().len().saturating_sub(at);
        inside + room.saturating_sub(self.platter.used())
    }

    /// Counts a sync; says whether it is to do its work, or only to claim so.
    fn sync(&mut self, what: Durable) -> io::Result<bool> {
        self.change()?;
        self.syncs.push(Synced {
            change: self.changes,
            what,
        });
        let number = self.syncs.len() as u64;
        Ok(!self.faults.lying_syncs.contains(&number))
    }

    /// Whether the sync that was counted last fails.
    fn sync_fails(&mut self) -> bool {
        let from = self.faults.sync_fails_from;
        from.is_some_and(|from| self.syncs.len() as u64 >= from)
            || self.happens(self.faults.sync_fails_once_in)
    }
}

/// How much of a write of `len` bytes is done when it is interrupted: up to any end of a sector.
fn cut(at: usize, len: usize, random: &mut Random) -> usize {
    match random.below(len as u64 + 1) as usize {
        all if all == len => len,
        part => whole_sectors(at, part),
    }
}

/// So much of `part` bytes from `at` on that no sector is written in part.
fn whole_sectors(at: usize, part: usize) -> usize {
    ((at + part) / SECTOR_BYTES * SECTOR_BYTES).saturating_sub(at)
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        format!("{} is not there", path.display()),
    )
}

impl Fs for SimDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let state = self.state();
        state.powered()?;
        let inode = state.platter.inode(path).ok_or_else(|| missing(path))?;
        Ok(Arc::new(SimFile {
            disk: self.clone(),
            inode,
        }))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut state = self.state();
        state.change()?;
        if !path
            .parent()
            .is_some_and(|folder| state.platter.has_folder(folder))
        {
            return Err(missing(path));
        }
        let inode = match state.platter.inode(path) {
            Some(inode) => {
                state.platter.file_mut(inode).set_len(0);
                inode
            }
            None => state.platter.create(path),
        };
        Ok(Arc::new(SimFile {
            disk: self.clone(),
            inode,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        if state.platter.rename(from, to) {
            Ok(())
        } else {
            Err(missing(from))
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        if state.platter.remove(path) {
            let change = state.changes;
            state.removals.push((change, path.to_owned()));
            Ok(())
        } else {
            Err(missing(path))
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        state.powered()?;
        if !state.platter.has_folder(folder) {
            return Err(missing(folder));
        }
        let name = |path: &PathBuf| path.file_name()?.to_str().map(str::to_owned);
        Ok(state.platter.list(folder).iter().filter_map(name).collect())
    }

    fn create_dir(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        state.platter.create_folder(folder);
        Ok(())
    }

    fn sync_dir(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        let names = state.platter.open_names(folder);
        let works = state.sync(Durable::Names(names))?;
        if state.sync_fails() {
            return Err(io::Error::other("the sync failed"));
        }
        if works {
            state.platter.sync_folder(folder);
        }
        Ok(())
    }
}

struct SimFile {
    disk: SimDisk,
    inode: Inode,
}

impl File for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.state();
        state.powered()?;
        let bytes = state.platter.file(self.inode).bytes();
        let from = bytes
            .len()
            .min(usize::try_from(offset).unwrap_or(usize::MAX));
        let read = buffer.len().min(bytes.len() - from);
        buffer[..read].copy_from_slice(&bytes[from..from + read]);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let at = usize::try_from(offset).map_err(io::Error::other)?;
        self.disk.state().write(self.inode, bytes, at)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let state = &mut *state;
        let path = state.platter.path(self.inode).unwrap_or_default();
        let works = state.sync(Durable::Bytes(path))?;
        if state.sync_fails() {
            state
                .platter
                .file_mut(self.inode)
                .fail_sync(&mut state.random);
            return Err(io::Error::other("the sync failed"));
        }
        if works {
            state.platter.file_mut(self.inode).sync();
        }
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        let state = self.disk.state();
        state.powered()?;
        Ok(state.platter.file(self.inode).bytes().len() as u64)
    }

    /// As it happens: what is there, or nothing.
    fn read_in_memory(&self, buffer: &mut [u8], offset: u64) -> Option<usize> {
        let is_known = self.disk.state().in_memory.once_in(2);
        is_known.then(|| self.read_at(buffer, offset).ok())?
    }

    /// A copy: what is mapped never changes.
    fn map(&self, offset: u64, length: usize) -> io::Result<Option<Map>> {
        let state = self.disk.state();
        state.powered()?;
        let bytes = state.platter.file(self.inode).bytes();
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = bytes.get(from..).and_then(|bytes| bytes.get(..length));
        let part = part.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Some(Arc::new(part.to_vec())))
    }
}
