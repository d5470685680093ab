//! A consumer group: its members, and how they come to share the work.
//!
//! ```text
//!            a member joins            all have joined            the leader has shared out
//! Empty ---------------------> Joining ---------------> Sharing -------------------------> Stable
//!   ^                            ^  a member joins anew, leaves or is silent |                |
//!   +---- the last has left      +-------------------------------------------+----------------+
//! ```
//!
//! The classic protocol of Kafka: the server lets all members meet, makes one of them the leader,
//! and hands on how the leader shares out the partitions, which it does not read itself. There is no
//! clock here: whoever calls says what time it is.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Members of one group.
pub(crate) const MEMBERS_MAX: usize = 500;

/// How long a new group waits for more members before it begins.
const FIRST_JOIN: Duration = Duration::from_millis(500);

type Told<T> = Result<T, ResponseError>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Empty,
    Joining,
    Sharing,
    Stable,
}

impl State {
    /// As Kafka's tools name it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            State::Empty => "Empty",
            State::Joining => "PreparingRebalance",
            State::Sharing => "CompletingRebalance",
            State::Stable => "Stable",
        }
    }
}

/// What a member asks when it joins.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) member: StrBytes,
    pub(crate) instance: Option<StrBytes>,
    pub(crate) client: StrBytes,
    pub(crate) host: StrBytes,
    pub(crate) session: Duration,
    pub(crate) rebalance: Duration,
    pub(crate) protocol_type: StrBytes,
    /// Names of ways to share, the best first, and what the leader should know of the member.
    pub(crate) protocols: Vec<(StrBytes, Bytes)>,
}

/// What a member is told that has joined.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) generation: i32,
    pub(crate) protocol_type: StrBytes,
    pub(crate) protocol: StrBytes,
    pub(crate) leader: StrBytes,
    pub(crate) member: StrBytes,
    /// For the leader: all members, and what it should know of them.
    pub(crate) members: Vec<(StrBytes, Option<StrBytes>, Bytes)>,
}

/// What a member is told that asked for its share.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) protocol_type: StrBytes,
    pub(crate) protocol: StrBytes,
    pub(crate) assignment: Bytes,
}

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) instance: Option<StrBytes>,
    pub(crate) client: StrBytes,
    pub(crate) host: StrBytes,
    session: Duration,
    rebalance: Duration,
    protocols: Vec<(StrBytes, Bytes)>,
    pub(crate) assignment: Bytes,
    joining: Option<oneshot::Sender<Told<Joined>>>,
    sharing: Option<oneshot::Sender<Told<Share>>>,
    expires: Instant,
}

/// A group.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) state: State,
    generation: i32,
    pub(crate) protocol_type: StrBytes,
    pub(crate) protocol: StrBytes,
    leader: StrBytes,
    pub(crate) members: BTreeMap<StrBytes, Member>,
    /// Members that were given a name and should come again with it.
    expected: BTreeMap<StrBytes, Instant>,
    /// When those that have not joined are left behind.
    join_until: Option<Instant>,
    /// A new group waits so long for more.
    join_from: Option<Instant>,
    /// When those are left behind that have not asked for their share: the leader, too.
    share_until: Option<Instant>,
}

impl Member {
    /// Bytes that its words take.
    pub(crate) fn bytes(&self) -> usize {
        let protocols = self
            .protocols
            .iter()
            .map(|(name, data)| name.len() + data.len());
        let instance = self.instance.as_ref().map_or(0, |instance| instance.len());
        protocols.sum::<usize>() + self.assignment.len() + self.client.len() + instance
    }

    /// What the leader knows of it for a way to share.
    pub(crate) fn metadata(&self, protocol: &StrBytes) -> Bytes {
        let found = self.protocols.iter().find(|(name, _)| name == protocol);
        found.map(|(_, data)| data.clone()).unwrap_or_default()
    }

    /// It waits for an answer, and somebody still listens for it.
    fn is_waiting(&self) -> bool {
        let joining = self.joining.as_ref().is_some_and(|told| !told.is_closed());
        joining || self.sharing.as_ref().is_some_and(|told| !told.is_closed())
    }
}

impl Group {
    /// Nobody is or should soon be in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.expected.is_empty()
    }

    /// Gives a member its name, under which it should come again.
    pub(crate) fn expect(&mut self, member: StrBytes, until: Instant) -> Told<()> {
        self.check_room()?;
        self.expected.insert(member, until);
        Ok(())
    }

    fn check_room(&self) -> Told<()> {
        match self.members.len() + self.expected.len() < MEMBERS_MAX {
            true => Ok(()),
            false => Err(ResponseError::GroupMaxSizeReached),
        }
    }

    /// A member joins, or joins again. It is told when all have, or at once why not.
    pub(crate) fn join(
        &mut self,
        join: Join,
        now: Instant,
        told: oneshot::Sender<Told<Joined>>,
    ) -> Told<()> {
        self.check_protocols(&join)?;
        let known = self.members.contains_key(&join.member);
        if !known && self.expected.remove(&join.member).is_none() {
            self.check_room()?;
        }
        self.replace_instance(&join);
        self.protocol_type = join.protocol_type;
        let name = join.member.clone();
        let before = self.members.remove(&join.member);
        let same = before
            .as_ref()
            .is_some_and(|before| before.protocols == join.protocols);
        self.members.insert(
            join.member,
            Member {
                instance: join.instance,
                client: join.client,
                host: join.host,
                session: join.session,
                rebalance: join.rebalance,
                protocols: join.protocols,
                assignment: before.map(|before| before.assignment).unwrap_or_default(),
                joining: Some(told),
                sharing: None,
                expires: now + join.session,
            },
        );
        let again = match self.state {
            State::Sharing => same, // its answer was lost
            State::Stable => same && name != self.leader,
            State::Empty | State::Joining => false,
        };
        match again {
            true => self.tell_joined(&name),
            false => self.begin_joining(now),
        }
        Ok(())
    }

    /// Whether the group knows this member, or has given it its name.
    pub(crate) fn knows(&self, member: &StrBytes) -> bool {
        self.members.contains_key(member) || self.expected.contains_key(member)
    }

    fn check_protocols(&self, join: &Join) -> Told<()> {
        let others = || {
            self.members
                .iter()
                .filter(|(name, _)| **name != join.member)
        };
        let common = join.protocols.iter().any(|(name, _)| {
            others().all(|(_, other)| other.protocols.iter().any(|(theirs, _)| theirs == name))
        });
        let one_type = others().next().is_none() || self.protocol_type == join.protocol_type;
        match common && one_type && !join.protocol_type.is_empty() {
            true => Ok(()),
            false => Err(ResponseError::InconsistentGroupProtocol),
        }
    }

    /// A member with the instance's name takes the place of the one that had it.
    fn replace_instance(&mut self, join: &Join) {
        let Some(instance) = &join.instance else {
            return;
        };
        let other = |(name, member): (&StrBytes, &Member)| {
            let same = member.instance.as_ref() == Some(instance) && *name != join.member;
            same.then(|| name.clone())
        };
        if let Some(name) = self.members.iter().find_map(other) {
            self.remove(&name, ResponseError::FencedInstanceId);
        }
    }

    fn begin_joining(&mut self, now: Instant) {
        if self.state == State::Empty {
            self.join_from = Some(now + FIRST_JOIN);
        }
        for member in self.members.values_mut() {
            if let Some(told) = member.sharing.take() {
                let _ = told.send(Err(ResponseError::RebalanceInProgress)); // or it has gone away
            }
        }
        if self.state != State::Joining {
            self.join_until = Some(now + self.longest());
        }
        self.state = State::Joining;
        self.try_complete(now);
    }

    /// How long the members may take for a step, all together.
    fn longest(&self) -> Duration {
        let longest = self.members.values().map(|member| member.rebalance).max();
        longest.unwrap_or_default()
    }

    /// Ends the joining if all are there, or those that are not were waited for long enough.
    fn try_complete(&mut self, now: Instant) {
        if self.state != State::Joining || self.join_from.is_some_and(|from| now < from) {
            return;
        }
        let late = self.join_until.is_some_and(|until| now >= until);
        let all =
            self.expected.is_empty() && self.members.values().all(|one| one.joining.is_some());
        if !(all || late) {
            return;
        }
        self.members.retain(|_, member| member.joining.is_some());
        (self.join_from, self.join_until) = (None, None);
        self.generation = self.generation.wrapping_add(1).max(1);
        if self.members.is_empty() {
            self.state = State::Empty;
            return;
        }
        self.protocol = self.choose_protocol();
        if !self.members.contains_key(&self.leader) {
            self.leader = self.members.keys().next().cloned().unwrap_or_default();
        }
        self.state = State::Sharing;
        self.share_until = Some(now + self.longest());
        let names: Vec<StrBytes> = self.members.keys().cloned().collect();
        for name in &names {
            if let Some(member) = self.members.get_mut(name) {
                member.assignment = Bytes::new();
                member.expires = now + member.session;
            }
            self.tell_joined(name);
        }
    }

    /// The way to share that all know and most like best.
    fn choose_protocol(&self) -> StrBytes {
        let all_know = |name: &StrBytes| {
            let knows = |member: &Member| member.protocols.iter().any(|(own, _)| own == name);
            self.members.values().all(knows)
        };
        let mut votes: BTreeMap<&StrBytes, usize> = BTreeMap::new();
        for member in self.members.values() {
            let liked = member
                .protocols
                .iter()
                .map(|(name, _)| name)
                .find(|name| all_know(name));
            if let Some(name) = liked {
                *votes.entry(name).or_default() += 1;
            }
        }
        let most = votes.into_iter().max_by_key(|(_, count)| *count);
        most.map(|(name, _)| name.clone()).unwrap_or_default()
    }

    fn tell_joined(&mut self, name: &StrBytes) {
        let members = match *name == self.leader {
            true => self
                .members
                .iter()
                .map(|(name, one)| {
                    (
                        name.clone(),
                        one.instance.clone(),
                        one.metadata(&self.protocol),
                    )
                })
                .collect(),
            false => Vec::new(),
        };
        let joined = Joined {
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            member: name.clone(),
            members,
        };
        let waiting = self
            .members
            .get_mut(name)
            .and_then(|member| member.joining.take());
        if let Some(told) = waiting {
            let _ = told.send(Ok(joined)); // or it has gone away, and its session ends
        }
    }

    /// Whether another member has taken the place of an instance, which ends this one for good.
    pub(crate) fn check_instance(
        &self,
        member: &StrBytes,
        instance: Option<&StrBytes>,
    ) -> Told<()> {
        let is_taken = |(name, other): (&StrBytes, &Member)| {
            name != member && other.instance.as_ref() == instance
        };
        match instance.is_some() && self.members.iter().any(is_taken) {
            true => Err(ResponseError::FencedInstanceId),
            false => Ok(()),
        }
    }

    /// Checks that it is a member of this generation, and lets it live on.
    pub(crate) fn check_member(
        &mut self,
        member: &StrBytes,
        generation: i32,
        now: Instant,
    ) -> Told<()> {
        let current = self.generation;
        let Some(member) = self.members.get_mut(member) else {
            return Err(ResponseError::UnknownMemberId);
        };
        if generation != current {
            return Err(ResponseError::IllegalGeneration);
        }
        member.expires = now + member.session;
        Ok(())
    }

    /// A member asks for its share; the leader says what everybody's is.
    pub(crate) fn share(
        &mut self,
        member: &StrBytes,
        generation: i32,
        assignments: Vec<(StrBytes, Bytes)>,
        now: Instant,
        told: oneshot::Sender<Told<Share>>,
    ) -> Told<()> {
        self.check_member(member, generation, now)?;
        if self.state == State::Joining {
            return Err(ResponseError::RebalanceInProgress);
        }
        if let Some(waiting) = self.members.get_mut(member) {
            waiting.sharing = Some(told);
        }
        if self.state == State::Sharing && *member == self.leader {
            for (name, assignment) in assignments {
                if let Some(member) = self.members.get_mut(&name) {
                    member.assignment = assignment;
                }
            }
            self.state = State::Stable;
        }
        if self.state == State::Stable {
            self.tell_shares(now);
        }
        Ok(())
    }

    fn tell_shares(&mut self, now: Instant) {
        for member in self.members.values_mut() {
            if let Some(told) = member.sharing.take() {
                member.expires = now + member.session;
                let share = Share {
                    protocol_type: self.protocol_type.clone(),
                    protocol: self.protocol.clone(),
                    assignment: member.assignment.clone(),
                };
                let _ = told.send(Ok(share)); // or it has gone away, and its session ends
            }
        }
    }

    /// A member is alive; it is told when it should join again.
    pub(crate) fn heartbeat(
        &mut self,
        member: &StrBytes,
        generation: i32,
        now: Instant,
    ) -> Told<()> {
        self.check_member(member, generation, now)?;
        match self.state {
            State::Joining => Err(ResponseError::RebalanceInProgress),
            _ => Ok(()),
        }
    }

    /// How often members have come to share the work.
    pub(crate) fn generation(&self) -> i32 {
        self.generation
    }

    /// Sends all members away: they meet anew, as after a restart of the server.
    pub(crate) fn disband(&mut self) {
        let names: Vec<StrBytes> = self.members.keys().cloned().collect();
        for name in &names {
            self.remove(name, ResponseError::UnknownMemberId);
        }
        (self.join_from, self.join_until) = (None, None);
        self.state = State::Empty;
        self.generation = self.generation.wrapping_add(1).max(1);
    }

    /// A member leaves, by its name or that of its instance.
    pub(crate) fn leave(
        &mut self,
        member: &StrBytes,
        instance: Option<&StrBytes>,
        now: Instant,
    ) -> Told<()> {
        if self.expected.remove(member).is_some() {
            self.try_complete(now);
            return Ok(());
        }
        let by_instance = instance.and_then(|instance| {
            let same = |(_, one): &(&StrBytes, &Member)| one.instance.as_ref() == Some(instance);
            self.members.iter().find(same).map(|(name, _)| name.clone())
        });
        let name = by_instance.unwrap_or_else(|| member.clone());
        if !self.members.contains_key(&name) {
            return Err(ResponseError::UnknownMemberId);
        }
        self.remove(&name, ResponseError::UnknownMemberId);
        self.settle(now);
        Ok(())
    }

    fn remove(&mut self, name: &StrBytes, why: ResponseError) {
        let Some(member) = self.members.remove(name) else {
            return;
        };
        if let Some(told) = member.joining {
            let _ = told.send(Err(why)); // or it has gone away
        }
        if let Some(told) = member.sharing {
            let _ = told.send(Err(why)); // as above
        }
    }

    /// After members were removed: those that are left share anew.
    fn settle(&mut self, now: Instant) {
        match self.state {
            State::Empty => {}
            State::Joining => self.try_complete(now),
            State::Sharing | State::Stable if self.members.is_empty() => {
                self.state = State::Empty;
                self.generation = self.generation.wrapping_add(1).max(1);
            }
            State::Sharing | State::Stable => self.begin_joining(now),
        }
    }

    /// What has become due: members that were silent too long, and a joining that ends.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.expected.retain(|_, until| now < *until);
        let late =
            self.state == State::Sharing && self.share_until.is_some_and(|until| now >= until);
        let silent = |(name, member): (&StrBytes, &Member)| {
            let silent = now >= member.expires && !member.is_waiting();
            (silent || (late && member.sharing.is_none())).then(|| name.clone())
        };
        let silent: Vec<StrBytes> = self.members.iter().filter_map(silent).collect();
        for name in &silent {
            self.remove(name, ResponseError::UnknownMemberId);
        }
        match silent.is_empty() {
            true => self.try_complete(now),
            false => self.settle(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: Duration = Duration::from_secs(10);

    fn word(text: &'static str) -> StrBytes {
        StrBytes::from_static_str(text)
    }

    fn join(
        group: &mut Group,
        member: &'static str,
        instance: Option<&'static str>,
        now: Instant,
    ) -> oneshot::Receiver<Told<Joined>> {
        let join = Join {
            member: word(member),
            instance: instance.map(word),
            client: word("test"),
            host: word("/127.0.0.1"),
            session: SESSION,
            rebalance: SESSION,
            protocol_type: word("consumer"),
            protocols: vec![(word("range"), Bytes::from_static(member.as_bytes()))],
        };
        let (told, telling) = oneshot::channel();
        group.join(join, now, told).unwrap();
        telling
    }

    fn share(
        group: &mut Group,
        member: &'static str,
        assignments: &[(&'static str, &'static str)],
        now: Instant,
    ) -> Told<oneshot::Receiver<Told<Share>>> {
        let bytes = |text: &'static str| Bytes::from_static(text.as_bytes());
        let assignments = assignments
            .iter()
            .map(|(member, share)| (word(member), bytes(share)));
        let (told, telling) = oneshot::channel();
        let generation = group.generation;
        group.share(&word(member), generation, assignments.collect(), now, told)?;
        Ok(telling)
    }

    #[test]
    fn the_leader_shares_out_and_a_member_that_leaves_begins_anew() {
        let begun = Instant::now();
        let mut group = Group::default();
        let mut ada = join(&mut group, "ada", None, begun);
        let mut bob = join(&mut group, "bob", None, begun);
        assert!(ada.try_recv().is_err(), "a new group waits for more");
        let now = begun + FIRST_JOIN;
        group.tick(now);
        let (ada, bob) = (ada.try_recv().unwrap(), bob.try_recv().unwrap());
        let (leader, follower) = (ada.unwrap(), bob.unwrap());
        assert_eq!((leader.generation, follower.generation), (1, 1));
        assert_eq!((&*leader.leader, &*follower.leader), ("ada", "ada"));
        assert_eq!((leader.members.len(), follower.members.len()), (2, 0));

        let mut bob = share(&mut group, "bob", &[], now).unwrap();
        assert!(bob.try_recv().is_err(), "the leader has not shared out");
        let shares = [("ada", "0-3"), ("bob", "4-7")];
        let mut ada = share(&mut group, "ada", &shares, now).unwrap();
        assert_eq!(ada.try_recv().unwrap().unwrap().assignment, "0-3");
        assert_eq!(bob.try_recv().unwrap().unwrap().assignment, "4-7");
        assert_eq!(group.heartbeat(&word("ada"), 1, now), Ok(()));

        group.leave(&word("bob"), None, now).unwrap();
        let anew = ResponseError::RebalanceInProgress;
        assert_eq!(group.heartbeat(&word("ada"), 1, now), Err(anew));
        assert_eq!(share(&mut group, "ada", &[], now).unwrap_err(), anew);
        let mut ada = join(&mut group, "ada", None, now);
        assert_eq!(ada.try_recv().unwrap().unwrap().generation, 2);
    }

    #[test]
    fn an_instance_takes_its_place_back_and_a_silent_member_loses_it() {
        let begun = Instant::now();
        let mut group = Group::default();
        let mut fenced = join(&mut group, "ada-0", Some("ada"), begun);
        let mut first = join(&mut group, "ada-1", Some("ada"), begun);
        let told = fenced.try_recv().unwrap();
        assert_eq!(told.unwrap_err(), ResponseError::FencedInstanceId);
        let now = begun + FIRST_JOIN;
        group.tick(now);
        assert_eq!(first.try_recv().unwrap().unwrap().generation, 1);
        share(&mut group, "ada-1", &[("ada-1", "all")], now).unwrap();
        assert_eq!(group.state, State::Stable);

        let mut second = join(&mut group, "ada-2", Some("ada"), now);
        let joined = second.try_recv().unwrap().unwrap();
        assert_eq!((joined.generation, &*joined.leader), (2, "ada-2"));
        let mut heartbeat = |member, generation| group.heartbeat(&word(member), generation, now);
        assert_eq!(heartbeat("ada-1", 1), Err(ResponseError::UnknownMemberId));
        assert_eq!(heartbeat("ada-2", 1), Err(ResponseError::IllegalGeneration));
        assert_eq!(heartbeat("ada-2", 2), Ok(()));
        let instance = |member| group.check_instance(&word(member), Some(&word("ada")));
        assert_eq!(instance("ada-1"), Err(ResponseError::FencedInstanceId));
        assert_eq!(instance("ada-2"), Ok(()));
        assert_eq!(group.check_instance(&word("ada-1"), None), Ok(()));

        group.tick(now + SESSION - Duration::from_millis(1));
        assert!(!group.is_empty(), "it may be silent so long");
        group.tick(now + SESSION);
        assert!(group.is_empty());
        assert_eq!(group.state, State::Empty);
    }

    #[test]
    fn a_leader_that_does_not_share_out_is_left_behind_though_it_is_alive() {
        let begun = Instant::now();
        let mut group = Group::default();
        let mut ada = join(&mut group, "ada", None, begun);
        let mut bob = join(&mut group, "bob", None, begun);
        let mut now = begun + FIRST_JOIN;
        group.tick(now);
        assert_eq!(&*ada.try_recv().unwrap().unwrap().leader, "ada");
        assert!(bob.try_recv().unwrap().is_ok());
        let mut waiting = share(&mut group, "bob", &[], now).unwrap();
        let until = now + SESSION;
        while now + SESSION / 4 < until {
            now += SESSION / 4;
            assert_eq!(group.heartbeat(&word("ada"), 1, now), Ok(()));
            group.tick(now);
        }
        assert!(waiting.try_recv().is_err(), "it may take so long");
        group.tick(until);
        let told = waiting.try_recv().unwrap().unwrap_err();
        assert_eq!(told, ResponseError::RebalanceInProgress);
        assert_eq!(
            group.heartbeat(&word("ada"), 1, until),
            Err(ResponseError::UnknownMemberId)
        );
        let mut bob = join(&mut group, "bob", None, until);
        assert_eq!(&*bob.try_recv().unwrap().unwrap().leader, "bob");
    }

    #[test]
    fn a_group_that_is_sent_away_meets_anew() {
        let begun = Instant::now();
        let mut group = Group::default();
        let mut ada = join(&mut group, "ada", None, begun);
        let now = begun + FIRST_JOIN;
        group.tick(now);
        assert_eq!(ada.try_recv().unwrap().unwrap().generation, 1);
        let mut bob = join(&mut group, "bob", None, now);
        group.disband();
        let none = ResponseError::UnknownMemberId;
        assert_eq!(bob.try_recv().unwrap().unwrap_err(), none);
        assert_eq!(group.heartbeat(&word("ada"), 1, now), Err(none));
        assert!(group.is_empty() && group.state == State::Empty);
        let mut ada = join(&mut group, "ada-2", None, now);
        group.tick(now + FIRST_JOIN);
        assert!(ada.try_recv().unwrap().unwrap().generation > 1);
    }
}
