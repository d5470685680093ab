//! What a disk holds: bytes that were synced, bytes that only the cache has, and what of them a
//! loss of power leaves.
//!
//! ```text
//!            write                sync_data                 loss of power
//!   cached  ───────▶  versions of  ─────────▶  durable  ◀──  durable, and of each sector and name
//!                     each sector                            written since, any version or none
//! ```
//!
//! A sector of 512 bytes is the unit that is written whole or not at all. Sectors and directory
//! entries that were not synced may each survive on their own, in any combination; a rename is one
//! entry. Growing a file is data of the file: `sync_data` covers it.
//!
//! A write or a sync that failed may still be on its way: a sector of it lands later, with power or
//! when it goes off, unless something newer was written there. When the process has died, what was
//! on its way has landed or is gone: nothing changes under the feet of the next one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::Random;

/// Bytes that a disk writes whole or not at all.
pub const SECTOR_BYTES: usize = 512;

/// Number of a file, whatever names it has.
pub(crate) type Inode = u64;

/// One file's bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    cached: Vec<u8>,
    durable: Vec<u8>,
    /// What each sector held after each write since the last sync.
    versions: BTreeMap<usize, Vec<Vec<u8>>>,
    /// What failed and may land later, of each sector.
    late: BTreeMap<usize, Vec<u8>>,
}

/// A write that is on its way lands at one change of so many.
const LANDS_ONCE_IN: u64 = 8;

impl File {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.cached
    }

    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        if end > self.cached.len() {
            self.cached.resize(end, 0);
        }
        self.cached[at..end].copy_from_slice(bytes);
        if !bytes.is_empty() {
            self.remember(at / SECTOR_BYTES..=(end - 1) / SECTOR_BYTES);
        }
    }

    pub(crate) fn set_len(&mut self, len: usize) {
        self.late.retain(|sector, _| sector * SECTOR_BYTES < len);
        let old = self.cached.len();
        self.cached.resize(len, 0);
        if len != old {
            let first = len.min(old) / SECTOR_BYTES;
            let last = (len.max(old) - 1) / SECTOR_BYTES;
            self.remember(first..=last);
        }
    }

    fn remember(&mut self, sectors: std::ops::RangeInclusive<usize>) {
        for sector in sectors {
            let held = self.sector(sector).to_vec();
            self.versions.entry(sector).or_default().push(held);
            self.late.remove(&sector);
        }
    }

    fn sector(&self, sector: usize) -> &[u8] {
        let start = (sector * SECTOR_BYTES).min(self.cached.len());
        let end = (start + SECTOR_BYTES).min(self.cached.len());
        &self.cached[start..end]
    }

    /// Makes durable what was written since the last sync.
    pub(crate) fn sync(&mut self) {
        let sectors: Vec<usize> = std::mem::take(&mut self.versions).into_keys().collect();
        self.durable.resize(self.cached.len(), 0);
        sectors.into_iter().for_each(|sector| self.harden(sector));
    }

    /// A sync that failed: of each sector it is open whether it became durable, or will, and those
    /// that did not count as clean from now on, so that another sync passes over them.
    pub(crate) fn fail_sync(&mut self, random: &mut Random) {
        for sector in std::mem::take(&mut self.versions).into_keys() {
            match random.below(4) {
                0 | 2 => self.harden(sector),
                1 => drop(self.late.insert(sector, self.sector(sector).to_vec())),
                _ => {}
            }
        }
    }

    /// A write that failed: of each sector it is open whether it was written, or will be.
    pub(crate) fn fail_write(&mut self, mut at: usize, mut bytes: &[u8], random: &mut Random) {
        while !bytes.is_empty() {
            let sector = at / SECTOR_BYTES;
            let within = at % SECTOR_BYTES;
            let (part, rest) = bytes.split_at(bytes.len().min(SECTOR_BYTES - within));
            match random.below(3) {
                0 => self.write(at, part),
                1 => {
                    let mut late = self.sector(sector).to_vec();
                    late.resize(late.len().max(within + part.len()), 0);
                    late[within..within + part.len()].copy_from_slice(part);
                    self.late.insert(sector, late);
                }
                _ => {}
            }
            (at, bytes) = (at + part.len(), rest);
        }
    }

    /// Of what is on its way, some sectors land, and the others stay there.
    fn land(&mut self, mut lands: impl FnMut() -> bool) {
        let late = std::mem::take(&mut self.late).into_iter();
        let (landed, late): (Vec<_>, Vec<_>) = late.partition(|_| lands());
        self.late = late.into_iter().collect();
        for (sector, bytes) in landed {
            put(&mut self.cached, sector, &bytes);
            put(&mut self.durable, sector, &bytes);
        }
    }

    fn harden(&mut self, sector: usize) {
        let end = ((sector + 1) * SECTOR_BYTES).min(self.cached.len());
        let start = (sector * SECTOR_BYTES).min(end);
        if self.durable.len() < end {
            self.durable.resize(end, 0);
        }
        self.durable[start..end].copy_from_slice(&self.cached[start..end]);
    }

    /// What is left of the file without power: each sector as it was at the last sync or after any
    /// write since.
    fn survive(&self, survival: Survival, random: &mut Random) -> File {
        let mut left = self.durable.clone();
        for (sector, versions) in &self.versions {
            let kept = match survival {
                Survival::Any | Survival::Drawn(_) => {
                    versions.get(random.below(versions.len() as u64 + 1) as usize)
                }
                Survival::Nothing | Survival::Everything => None,
            };
            if let Some(kept) = kept.filter(|kept| !kept.is_empty()) {
                put(&mut left, *sector, kept);
            }
        }
        File {
            cached: left.clone(),
            durable: left,
            ..File::default()
        }
    }
}

/// Puts the bytes of a sector where they belong.
fn put(file: &mut Vec<u8>, sector: usize, bytes: &[u8]) {
    let start = sector * SECTOR_BYTES;
    if file.len() < start + bytes.len() {
        file.resize(start + bytes.len(), 0);
    }
    file[start..start + bytes.len()].copy_from_slice(bytes);
}

/// A change of a directory that `sync_dir` makes durable.
#[derive(Clone, Debug)]
enum NameChange {
    Link(PathBuf, Inode),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf, Inode),
    Folder(PathBuf),
}

impl NameChange {
    fn is_in(&self, folder: &Path) -> bool {
        let path = match self {
            NameChange::Link(path, _) | NameChange::Unlink(path) | NameChange::Folder(path) => path,
            NameChange::Rename(_, to, _) => to,
        };
        path.parent() == Some(folder)
    }

    fn apply(&self, names: &mut Names) {
        match self {
            NameChange::Link(path, inode) => {
                names.files.insert(path.clone(), *inode);
            }
            NameChange::Unlink(path) => {
                names.files.remove(path);
            }
            NameChange::Rename(from, to, inode) => {
                names.files.remove(from);
                names.files.insert(to.clone(), *inode);
            }
            NameChange::Folder(path) => {
                names.folders.insert(path.clone());
            }
        }
    }
}

/// Names of files and folders.
#[derive(Clone, Debug, Default)]
struct Names {
    files: BTreeMap<PathBuf, Inode>,
    folders: BTreeSet<PathBuf>,
}

impl Names {
    /// Whether a way leads to this folder. The root is always there.
    fn reaches(&self, folder: &Path) -> bool {
        folder
            .ancestors()
            .all(|at| at.parent().is_none() || self.folders.contains(at))
    }

    /// Drops what no way leads to.
    fn prune(&mut self) {
        let whole = self.clone();
        let reached = |path: &Path| path.parent().is_none_or(|folder| whole.reaches(folder));
        self.folders.retain(|folder| reached(folder));
        self.files.retain(|path, _| reached(path));
    }
}

/// How much of what was not synced is left after a loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// Only what was synced.
    Nothing,
    /// All of it, in the cache: the process died, and not the machine. It still is not durable.
    Everything,
    /// Any sectors and any names, as the seed has it.
    Any,
    /// Any sectors and any names, as this number has it.
    Drawn(u64),
}

/// All files and names of the disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Platter {
    files: BTreeMap<Inode, File>,
    names: Names,
    durable_names: Names,
    changes: Vec<NameChange>,
    next: Inode,
}

impl Platter {
    pub(crate) fn file(&self, inode: Inode) -> &File {
        &self.files[&inode]
    }

    pub(crate) fn file_mut(&mut self, inode: Inode) -> &mut File {
        self.files
            .get_mut(&inode)
            .expect("a file lives as long as the disk")
    }

    pub(crate) fn inode(&self, path: &Path) -> Option<Inode> {
        self.names.files.get(path).copied()
    }

    pub(crate) fn create(&mut self, path: &Path) -> Inode {
        self.next += 1;
        self.files.insert(self.next, File::default());
        self.change(NameChange::Link(path.to_owned(), self.next));
        self.next
    }

    pub(crate) fn remove(&mut self, path: &Path) -> bool {
        let known = self.names.files.contains_key(path);
        if known {
            self.change(NameChange::Unlink(path.to_owned()));
        }
        known
    }

    pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> bool {
        let inode = self.inode(from);
        if let Some(inode) = inode {
            self.change(NameChange::Rename(from.to_owned(), to.to_owned(), inode));
        }
        inode.is_some()
    }

    fn change(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.changes.push(change);
    }

    pub(crate) fn create_folder(&mut self, folder: &Path) {
        let mut missing: Vec<&Path> = folder
            .ancestors()
            .take_while(|at| !self.has_folder(at))
            .collect();
        while let Some(folder) = missing.pop() {
            self.change(NameChange::Folder(folder.to_owned()));
        }
    }

    pub(crate) fn has_folder(&self, folder: &Path) -> bool {
        self.names.reaches(folder)
    }

    pub(crate) fn sync_folder(&mut self, folder: &Path) {
        let (durable, open) = std::mem::take(&mut self.changes)
            .into_iter()
            .partition(|change| change.is_in(folder));
        self.changes = open;
        let durable: Vec<NameChange> = durable;
        durable
            .iter()
            .for_each(|change| change.apply(&mut self.durable_names));
    }

    /// The names that a folder got and that are not durable.
    pub(crate) fn open_names(&self, folder: &Path) -> Vec<PathBuf> {
        let got = |change: &NameChange| match change {
            NameChange::Link(path, _) | NameChange::Folder(path) => Some(path.clone()),
            NameChange::Rename(_, to, _) => Some(to.clone()),
            NameChange::Unlink(_) => None,
        };
        let inside = self.changes.iter().filter(|change| change.is_in(folder));
        inside.filter_map(got).collect()
    }

    /// The name that a file has now.
    pub(crate) fn path(&self, inode: Inode) -> Option<PathBuf> {
        let mut names = self.names.files.iter();
        let named = names.find(|(_, of)| **of == inode);
        named.map(|(path, _)| path.clone())
    }

    /// The names of the files directly in a folder, in order.
    pub(crate) fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let inside = |path: &&PathBuf| path.parent() == Some(folder);
        self.names.files.keys().filter(inside).cloned().collect()
    }

    /// Bytes of all files.
    pub(crate) fn used(&self) -> usize {
        self.names
            .files
            .values()
            .map(|inode| self.files[inode].bytes().len())
            .sum()
    }

    /// Every file by name, with its bytes.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let bytes =
            |(path, inode): (&PathBuf, &Inode)| (path.clone(), self.files[inode].bytes().to_vec());
        self.names.files.iter().map(bytes).collect()
    }

    /// Something changed: some of what is on its way lands.
    pub(crate) fn land_some(&mut self, random: &mut Random) {
        self.land(|| random.once_in(LANDS_ONCE_IN));
    }

    fn land(&mut self, mut lands: impl FnMut() -> bool) {
        self.files
            .values_mut()
            .for_each(|file| file.land(&mut lands));
    }

    /// The disk as the next process finds it.
    pub(crate) fn survive(&self, survival: Survival, random: &mut Random) -> Platter {
        let mut last = Random::new(random.clone().draw());
        let mut before = self.clone();
        before.land(|| survival != Survival::Nothing && last.once_in(2));
        before.files.values_mut().for_each(|file| file.late.clear());
        match survival {
            Survival::Everything => before,
            _ => before.lose(survival, random),
        }
    }

    /// What is left of it without power.
    fn lose(&self, survival: Survival, random: &mut Random) -> Platter {
        let mut names = self.durable_names.clone();
        let keeps_some = survival != Survival::Nothing;
        for change in &self.changes {
            if keeps_some && random.once_in(2) {
                change.apply(&mut names);
            }
        }
        names.prune();
        let left = |inode: &Inode| (*inode, self.files[inode].survive(survival, random));
        Platter {
            files: names.files.values().map(left).collect(),
            durable_names: names.clone(),
            names,
            changes: Vec::new(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk_with(written: &[u8]) -> (Platter, Inode) {
        let mut disk = Platter::default();
        disk.create_folder(Path::new("/a"));
        disk.sync_folder(Path::new("/"));
        let inode = disk.create(Path::new("/a/file"));
        disk.file_mut(inode).write(0, written);
        (disk, inode)
    }

    fn left(disk: &Platter, survival: Survival) -> Option<Vec<u8>> {
        let after = disk.survive(survival, &mut Random::new(7));
        after
            .inode(Path::new("/a/file"))
            .map(|inode| after.file(inode).bytes().to_vec())
    }

    #[test]
    fn what_was_not_synced_is_lost() {
        let (mut disk, inode) = disk_with(b"one");
        disk.file_mut(inode).sync();
        assert_eq!(
            left(&disk, Survival::Nothing),
            None,
            "the name was not synced"
        );
        disk.sync_folder(Path::new("/a"));
        disk.file_mut(inode).write(0, b"two");
        assert_eq!(left(&disk, Survival::Nothing).unwrap(), b"one");
        assert_eq!(
            left(&disk, Survival::Everything).unwrap(),
            b"two",
            "the cache has it"
        );
    }

    #[test]
    fn sectors_survive_one_by_one() {
        let (mut disk, inode) = disk_with(&[1; 64 * SECTOR_BYTES]);
        disk.file_mut(inode).sync();
        disk.sync_folder(Path::new("/a"));
        disk.file_mut(inode).write(0, &[2; 64 * SECTOR_BYTES]);
        let after = left(&disk, Survival::Any).unwrap();
        let of = |byte: u8| {
            after
                .chunks(SECTOR_BYTES)
                .filter(|s| **s == [byte; SECTOR_BYTES])
                .count()
        };
        assert!(
            of(1) > 0 && of(2) > 0 && of(1) + of(2) == 64,
            "{} old, {} new",
            of(1),
            of(2)
        );
    }

    #[test]
    fn a_sync_that_failed_is_not_made_good_by_another() {
        let (mut disk, inode) = disk_with(&[1; 64 * SECTOR_BYTES]);
        disk.sync_folder(Path::new("/a"));
        disk.file_mut(inode).fail_sync(&mut Random::new(7));
        disk.file_mut(inode).sync();
        let after = left(&disk, Survival::Nothing).unwrap();
        let lost = after
            .chunks(SECTOR_BYTES)
            .filter(|s| **s == [0; SECTOR_BYTES])
            .count();
        assert!((1..64).contains(&lost), "{lost} sectors lost");
    }

    /// A file of sectors that hold 1, over which 2 was written, without success.
    fn failed_write() -> (Platter, Inode) {
        let (mut disk, inode) = disk_with(&[1; 64 * SECTOR_BYTES]);
        disk.file_mut(inode).sync();
        disk.sync_folder(Path::new("/a"));
        let written = [2; 64 * SECTOR_BYTES];
        let file = disk.file_mut(inode);
        file.fail_write(0, &written, &mut Random::new(7));
        (disk, inode)
    }

    fn sectors_of(byte: u8, bytes: &[u8]) -> usize {
        let is_it = |sector: &&[u8]| **sector == [byte; SECTOR_BYTES];
        bytes.chunks(SECTOR_BYTES).filter(is_it).count()
    }

    #[test]
    fn a_write_that_failed_lands_later() {
        let (mut disk, inode) = failed_write();
        let at_once = sectors_of(2, disk.file(inode).bytes());
        let mut random = Random::new(7);
        let mut before = at_once;
        while !disk.file(inode).late.is_empty() {
            disk.land_some(&mut random);
            let now = sectors_of(2, disk.file(inode).bytes());
            assert!(now >= before && sectors_of(1, disk.file(inode).bytes()) + now == 64);
            before = now;
        }
        assert!(0 < at_once && at_once < before && before < 64);
        let landed = before - at_once;
        let after = left(&disk, Survival::Nothing).unwrap();
        assert_eq!(sectors_of(2, &after), landed, "it is on the disk");
    }

    #[test]
    fn a_write_that_failed_may_land_when_the_power_goes_off() {
        let (disk, inode) = failed_write();
        let now = sectors_of(2, disk.file(inode).bytes());
        let with = |survival| sectors_of(2, &left(&disk, survival).unwrap());
        assert_eq!(with(Survival::Nothing), 0);
        assert!(with(Survival::Everything) > now);
        let late = disk.file(inode).late.len();
        assert!((now + 1..now + late).contains(&with(Survival::Everything)));
    }

    #[test]
    fn nothing_lands_over_what_was_written_since() {
        let (mut disk, inode) = failed_write();
        disk.file_mut(inode).write(0, &[3; 64 * SECTOR_BYTES]);
        disk.land(|| true);
        let bytes = disk.file(inode).bytes();
        assert_eq!(sectors_of(3, bytes), 64);
        let (mut disk, inode) = failed_write();
        disk.file_mut(inode).set_len(0);
        disk.land(|| true);
        assert!(disk.file(inode).bytes().is_empty());
    }

    #[test]
    fn what_a_failed_sync_left_may_land_later() {
        let (mut disk, inode) = disk_with(&[1; 64 * SECTOR_BYTES]);
        disk.sync_folder(Path::new("/a"));
        disk.file_mut(inode).fail_sync(&mut Random::new(7));
        let before = sectors_of(1, &left(&disk, Survival::Nothing).unwrap());
        disk.land(|| true);
        let after = sectors_of(1, &left(&disk, Survival::Nothing).unwrap());
        assert!(before < after && after < 64, "{before}, then {after}");
    }

    #[test]
    fn a_file_is_lost_with_its_folder() {
        let mut disk = Platter::default();
        disk.create_folder(Path::new("/a"));
        let inode = disk.create(Path::new("/a/file"));
        disk.file_mut(inode).sync();
        disk.sync_folder(Path::new("/a"));
        assert_eq!(left(&disk, Survival::Nothing), None);
    }
}
