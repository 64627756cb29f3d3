//! Lines between boxes: each turns in a gutter, on a track of its own, so that none crosses a box. Draws nothing.

use super::measure::units;

/// Between two tracks, and before the first one.
pub(super) const TRACK: f64 = 11.0;
pub(super) const MARGIN: f64 = 16.0;

/// A line that leaves one box and arrives at another by way of a gutter beside them.
pub(super) struct Request<K> {
    /// Lines of the same key share a track: they lead to the same place.
    pub(super) key: K,
    /// Where it leaves and where it arrives, as heights.
    pub(super) from: f64,
    pub(super) to: f64,
}

/// The track of each request, counted from the boxes, and how many there are. Short lines get the tracks near the boxes.
pub(super) fn tracks<K: PartialEq>(requests: &[Request<K>]) -> (Vec<usize>, usize) {
    // One span a key.
    let mut spans: Vec<(&K, f64, f64)> = Vec::new();
    for request in requests {
        let (low, high) = (request.from.min(request.to), request.from.max(request.to));
        match spans.iter_mut().find(|(key, ..)| **key == request.key) {
            Some((_, from, to)) => (*from, *to) = (from.min(low), to.max(high)),
            None => spans.push((&request.key, low, high)),
        }
    }
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by(|left, right| {
        let length = |index: &usize| spans[*index].2 - spans[*index].1;
        length(left).total_cmp(&length(right))
    });
    let mut taken: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut track_of = vec![0; spans.len()];
    for index in order {
        let (_, from, to) = spans[index];
        let is_free = |track: &Vec<(f64, f64)>| {
            let mut others = track.iter();
            others.all(|(low, high)| to < *low - 1.0 || from > *high + 1.0)
        };
        let track = taken.iter().position(is_free).unwrap_or_else(|| {
            taken.push(Vec::new());
            taken.len() - 1
        });
        taken[track].push((from, to));
        track_of[index] = track;
    }
    let of_request = |request: &Request<K>| {
        let span = spans.iter().position(|(key, ..)| **key == request.key);
        span.map_or(0, |span| track_of[span])
    };
    (requests.iter().map(of_request).collect(), taken.len())
}

/// How wide a gutter with so many tracks is.
pub(super) fn gutter(tracks: usize) -> f64 {
    match tracks {
        0 => 0.0,
        tracks => 2.0 * MARGIN + units(tracks - 1) * TRACK,
    }
}

#[cfg(test)]
mod tests {
    use super::{Request, tracks};

    fn request(key: u8, from: f64, to: f64) -> Request<u8> {
        Request { key, from, to }
    }

    #[test]
    fn lines_that_meet_get_tracks_of_their_own() {
        let requests = [
            request(1, 0.0, 100.0),
            request(2, 10.0, 20.0),
            request(3, 30.0, 40.0),
        ];
        assert_eq!(tracks(&requests), (vec![1, 0, 0], 2));
    }

    #[test]
    fn lines_to_one_place_share_a_track() {
        let requests = [request(1, 0.0, 100.0), request(1, 50.0, 100.0)];
        assert_eq!(tracks(&requests), (vec![0, 0], 1));
    }
}
