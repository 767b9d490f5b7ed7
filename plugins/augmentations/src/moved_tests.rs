//! What the augmentations that move the signal draw, and refuse.

use equigen_core::registry::Claim;
use equigen_core::{Activation, AffineMaps, Augmentation, Axis, Hidden, Layout, Seed};
use proptest::prelude::*;

use crate::{Rotate, Shear, Translate, Zoom};

fn layout(input: Axis, hidden: &[usize], channels: usize) -> Layout {
    let activation = Activation::Sine { omega: 12.0 };
    let hidden: Vec<Hidden> = hidden.iter().map(|&width| Hidden { width, activation }).collect();
    Layout::dense(input, &hidden, channels)
}

fn all() -> Vec<Box<dyn Augmentation>> {
    vec![
        Box::new(Translate::default()),
        Box::new(Rotate::default()),
        Box::new(Zoom::default()),
        Box::new(Shear::default()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn draws_follow_the_stream_and_stay_in_range(seed in any::<u64>()) {
        let layout = layout(Axis::Coordinates(2), &[4], 1);
        for augmentation in all() {
            let draw = |stream| augmentation.draw(&layout, 50, &mut Seed::new(seed).stream(stream)).unwrap();
            prop_assert_eq!(draw(3), draw(3));
            prop_assert_ne!(draw(3), draw(4));
            let (centre, range) = match augmentation.typetag_name() {
                "translate" => (0.0, 0.2),
                "rotate" => (0.0, 30f32.to_radians()),
                "zoom" => (1.0, 0.2),
                _ => (0.0, 0.3),
            };
            let offsets: Vec<f32> = draw(3).values.iter().map(|value| (value - centre).abs()).collect();
            prop_assert!(offsets.iter().all(|offset| *offset <= range * 1.00001));
            prop_assert!(offsets.iter().any(|offset| *offset > 0.7 * range), "the range is used");
        }
    }
}

fn map_of(augmentation: &dyn Augmentation, values: Vec<f32>) -> AffineMaps {
    let layout = layout(Axis::Coordinates(2), &[4], 1);
    let draws = equigen_core::Draws { columns: values.len(), values };
    augmentation.coordinate_map(&layout, &draws).unwrap()
}

#[test]
fn maps_by_hand() {
    let translate = map_of(&Translate::default(), vec![0.1, -0.2]);
    assert_eq!((&translate.linear[..], &translate.shift[..]), (&[1.0, 0.0, 0.0, 1.0][..], &[0.1, -0.2][..]));
    // A quarter turn sends the x axis to the y axis.
    let quarter = map_of(&Rotate::default(), vec![std::f32::consts::FRAC_PI_2]);
    for (a, b) in quarter.linear.iter().zip([0.0, -1.0, 1.0, 0.0]) {
        assert!((a - b).abs() < 1e-6, "{quarter:?}");
    }
    assert_eq!(map_of(&Zoom::default(), vec![1.2]).linear, [1.2, 0.0, 0.0, 1.2]);
    assert_eq!(map_of(&Shear::default(), vec![0.3]).linear, [1.0, 0.3, 0.0, 1.0]);
    assert!(map_of(&Shear::default(), vec![0.3]).shift.iter().all(|shift| *shift == 0.0));
}

#[test]
fn encoded_coordinates_and_wrong_settings_are_refused() {
    let rng = || Seed::new(1).stream(0);
    for augmentation in all() {
        let name = augmentation.typetag_name();
        assert_eq!(augmentation.claims(), [Claim::MovesSignal]);
        let message = augmentation
            .draw(&layout(Axis::Encoded { coordinates: 2, features: 2 }, &[4], 1), 1, &mut rng())
            .unwrap_err()
            .to_string();
        assert!(message.contains(name) && message.contains("encoded coordinates"), "{message}");
    }
    let plane = layout(Axis::Coordinates(2), &[4], 1);
    let wrong: [(Box<dyn Augmentation>, &str); 5] = [
        (Box::new(Translate { range: -0.1 }), "translate: `range`"),
        (Box::new(Rotate { degrees: f64::NAN }), "rotate: `degrees`"),
        (Box::new(Zoom { range: 1.0, ..Zoom::default() }), "zoom: `range`"),
        (Box::new(Shear { range: f64::INFINITY }), "shear: `range`"),
        (Box::new(Zoom { range: -1.0, ..Zoom::default() }), "below 1"),
    ];
    for (augmentation, text) in wrong {
        let message = augmentation.draw(&plane, 1, &mut rng()).unwrap_err().to_string();
        assert!(message.contains(text), "{message}");
    }
    let line = layout(Axis::Coordinates(1), &[4], 1);
    let message = Shear::default().draw(&line, 1, &mut rng()).unwrap_err().to_string();
    assert!(message.contains("needs two"), "{message}");
}
