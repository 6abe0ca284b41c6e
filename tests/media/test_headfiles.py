"""Head boxes from the files that users have, and the message when a file is wrong."""

import json
import math

import pytest

from sightline.media.headfiles import read_heads


@pytest.fixture
def file(tmp_path):
    def write(content, name="heads.csv", encoding="utf-8"):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return write


def boxes(table, name):
    return table.of(name).boxes.tolist()


CSV = "image,x_min,y_min,x_max,y_max\na.jpg,1,2,30,40\nb.jpg,5,6,70,80\na.jpg,-9,0,2.5,4\n"


def test_a_csv_gives_the_heads_of_each_picture_in_order(file):
    table = read_heads(file(CSV))
    assert boxes(table, "a.jpg") == [[1, 2, 30, 40], [-9, 0, 2.5, 4]]
    assert boxes(table, "b.jpg") == [[5, 6, 70, 80]]


def test_missing_scores_are_nan_and_missing_names_none(file):
    heads = read_heads(file(CSV)).of("b.jpg")
    assert math.isnan(heads.scores.item())
    assert heads.names is None


def test_person_and_score_columns_are_kept_and_others_ignored(file):
    text = (
        "score,person,note,image,xmin,ymin,xmax,ymax\n0.5,Ann,x,a.jpg,1,2,3,4\n,,y,a.jpg,5,6,7,8\n"
    )
    heads = read_heads(file(text)).of("a.jpg")
    assert heads.names == ["Ann", ""]
    assert heads.scores[0] == 0.5
    assert heads.scores[1].isnan()


@pytest.mark.parametrize("header", ["File,X1,Y1,X2,Y2", "path, left, top, right, bottom"])
def test_other_usual_column_names_are_understood(file, header):
    assert boxes(read_heads(file(f"{header}\na.jpg, 1, 2, 3, 4\n")), "a.jpg") == [[1, 2, 3, 4]]


def test_byte_order_mark_blank_lines_and_windows_lines_do_not_matter(file):
    text = CSV.replace("\n", "\r\n\r\n , ,\r\n")
    assert boxes(read_heads(file(text, encoding="utf-8-sig")), "b.jpg") == [[5, 6, 70, 80]]


@pytest.mark.parametrize("name", ["sub/a.jpg", "a.jpg", "a", "sub/a", "./sub/a.jpg", "sub\\a.jpg"])
def test_a_picture_is_found_by_the_end_of_its_path(file, tmp_path, name):
    table = read_heads(file({name: [[1, 2, 3, 4]]}))
    assert tmp_path / "sub" / "a.jpg" in table
    assert boxes(table, tmp_path / "sub" / "a.jpg") == [[1, 2, 3, 4]]


def test_a_picture_of_the_same_name_in_another_folder_has_nobody(file):
    table = read_heads(file({"one/a.jpg": [[1, 2, 3, 4]]}))
    assert "two/a.jpg" not in table
    assert table.of("two/a.jpg").boxes.shape == (0, 4)


def test_the_longest_name_that_fits_wins(file):
    table = read_heads(file({"a.jpg": [[1, 2, 3, 4]], "sub/a.jpg": [[5, 6, 7, 8]]}))
    assert boxes(table, "x/sub/a.jpg") == [[5, 6, 7, 8]]
    assert boxes(table, "x/other/a.jpg") == [[1, 2, 3, 4]]


def test_a_json_list_of_records_has_the_columns_of_a_csv(file):
    record = {"image": "a.jpg", "x_min": 1, "y_min": 2, "x_max": 3, "y_max": 4, "person": 7}
    heads = read_heads(file([record])).of("a.jpg")
    assert heads.boxes.tolist() == [[1, 2, 3, 4]]
    assert heads.names == ["7"]


def coco(categories, annotations):
    images = [{"id": 3, "file_name": "a.jpg"}, {"id": 4, "file_name": "b.jpg"}]
    return {"images": images, "categories": categories, "annotations": annotations}


def annotation(image, category, bbox, **more):
    return {"image_id": image, "category_id": category, "bbox": bbox, **more}


def test_coco_boxes_are_corner_and_size(file):
    content = coco([], [annotation(3, 1, [10, 20, 30, 40], score=0.25, track_id=6)])
    heads = read_heads(file(content)).of("a.jpg")
    assert heads.boxes.tolist() == [[10, 20, 40, 60]]
    assert heads.scores.tolist() == [0.25]
    assert heads.names == ["6"]


def test_of_several_coco_categories_the_heads_are_taken(file):
    categories = [{"id": 1, "name": "person"}, {"id": 2, "name": "person_head"}]
    rows = [annotation(3, 1, [0, 0, 90, 90]), annotation(3, 2, [10, 20, 30, 40])]
    assert boxes(read_heads(file(coco(categories, rows))), "a.jpg") == [[10, 20, 40, 60]]


def test_a_coco_crowd_is_no_head(file):
    rows = [annotation(3, 1, [0, 0, 9, 9], iscrowd=1), annotation(4, 1, [1, 1, 9, 9])]
    table = read_heads(file(coco([{"id": 1, "name": "face"}], rows)))
    assert "a.jpg" not in table
    assert boxes(table, "b.jpg") == [[1, 1, 10, 10]]


def test_coco_without_any_head_category_lists_what_it_has(file):
    categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "sofa"}]
    with pytest.raises(ValueError, match="cat, sofa"):
        read_heads(file(coco(categories, [annotation(3, 1, [0, 0, 9, 9])])))


@pytest.fixture
def people(tmp_path):
    (tmp_path / "person2.txt").write_text("7.jpg,5,6,7,8\n")
    (tmp_path / "person10.txt").write_text("7.jpg,9,9,11,12\n8.jpg,1,2,3,4\n")
    return tmp_path


def test_a_folder_of_one_file_per_person_keeps_their_names(people):
    heads = read_heads(people).of("7.jpg")
    assert heads.names == ["person2", "person10"]
    assert heads.boxes.tolist() == [[5, 6, 7, 8], [9, 9, 11, 12]]


def test_one_of_the_person_files_can_be_read_alone(people):
    table = read_heads(people / "person10.txt")
    assert table.of("8.jpg").names == ["person10"]
    assert len(table.of("7.jpg")) == 1


def test_a_file_without_header_that_repeats_pictures_is_not_one_person(file):
    heads = read_heads(file("a.jpg,1,2,3,4\na.jpg,5,6,7,8\n")).of("a.jpg")
    assert heads.boxes.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert heads.names is None


MOT = "1,7,10,20,30,40,0.9,-1,-1,-1\n3,7,11,20,30,40,-1,-1,-1,-1\n3,2,50,60,30,40,1,-1,-1,-1\n"


def test_mot_text_has_numbered_people_and_boxes_of_corner_and_size(file):
    heads = read_heads(file(MOT)).of("3.jpg")
    assert heads.boxes.tolist() == [[11, 20, 41, 60], [50, 60, 80, 100]]
    assert heads.names == ["7", "2"]


def test_mot_scores_below_0_are_none_and_ignored_boxes_are_left_out(file):
    heads = read_heads(file(MOT + "3,5,1,1,9,9,0,1,1\n3,6,5,5,2,2\n")).of("3.jpg")
    assert [score if score == score else None for score in heads.scores.tolist()] == [None, 1, None]


def test_mot_detections_of_nobody_have_no_names(file):
    assert read_heads(file("1,-1,10,20,30,40,0.9\n")).of("1.jpg").names is None


@pytest.mark.parametrize("row", ["7,1,2,30,40", "7.jpg,1,2,30,40,5,6", "7,1.5,2,30,40,0.5"])
def test_without_two_whole_numbers_and_six_columns_a_table_is_one_persons(file, row):
    assert read_heads(file(row)).of("7.jpg").names == ["heads"]


HEADER = "image,x_min,y_min,x_max,y_max\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + "a.jpg,1,2,30,40\n\nb.jpg,1,2\n", "line 4: 3 columns"),
        ("a.jpg,1,2,30,40\na.jpg,1,2,3\n", "line 2: 4 columns"),
        (HEADER + "a.jpg,1,2,30,forty\n", "line 2: 'forty' is not a usable number"),
        (HEADER + "a.jpg,1,2,30,inf\n", "line 2: 'inf' is not a usable number"),
        (HEADER + "a.jpg,30,2,1,40\n", "line 2: .* reversed or empty"),
        (HEADER + "a.jpg,1,2,1,40\n", "line 2: .* reversed or empty"),
        (HEADER + " ,1,2,30,40\n", "line 2: the name of the image is missing"),
        ("image,x_min,y_min,width,height\na.jpg,1,2,3,4\n", "no x_max, y_max; the columns are"),
        (HEADER + "a.jpg,0.1,0.2,0.3,0.4\n", "fractions of the picture; give pixels"),
        (HEADER, "no head boxes"),
        ("", "no head boxes"),
        ('"' + 200_000 * "a", "no CSV file"),
        (MOT + "4,7,10,20,30\n", "line 4: 5 columns; give frame, id"),
        (MOT + "4,7.5,10,20,30,40\n", "line 4: '7.5' is not a whole number"),
        (MOT + "x,7,10,20,30,40\n", "line 4: 'x' is not a usable number"),
        (MOT + "4,7,10,20,0,40\n", "line 4: .* reversed or empty"),
        (MOT + "-1,7,10,20,9,40\n", "line 4: the number of a frame is not negative"),
        ("frame,x1,y1,x2,y2\n1.5,1,2,3,4\n", "line 2: '1.5' is not a whole number"),
        ('{"a.jpg": [[1, 2, 3]]}', "a.jpg, box 0: a box has 4 numbers, not 3"),
        ('{"a.jpg": [[1, 2, NaN, 4]]}', "a.jpg, box 0: nan is not a usable number"),
        ('{"a.jpg": [1, 2, 3, 4]}', "no form that holds head boxes"),
        ('{"a.jpg": [[1, 2, 1e300, 4]]}', "1e.300 is not a usable number"),
        ('{"a.jpg": [[1, 2, 1' + 400 * "0" + ", 4]]}", "is not a usable number"),
        ('{"a.jpg": ', "no valid JSON"),
        ("[" + 5000 * "9" + "]", "no valid JSON"),
        ("[" * 100_000, "no valid JSON"),
        ("[7]", "no form that holds head boxes"),
        ('[{"image": 7, "x1": 1, "y1": 2, "x2": 3, "y2": 4}]', "record 0: the name of the image"),
        (json.dumps(coco([], [annotation(3, 1, [1, 2, 3])])), "annotation 0: a box has 4 numbers"),
        (json.dumps(coco([], [annotation(9, 1, [1, 2, 3, 4])])), "annotation 0: the name of the"),
        ('{"annotations": [{"bbox": [1, 2, 3, 4]}]}', "no form that holds head boxes"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(file, content, message):
    with pytest.raises(ValueError, match=rf"heads\.csv.*({message})"):
        read_heads(file(content))


def test_for_panoramas_boxes_may_end_left_of_where_they_begin(file):
    table = read_heads(file(HEADER + "a.jpg,30,2,1,40\n"), over_seam=True)
    assert boxes(table, "a.jpg") == [[30, 2, 1, 40]]
    for row in ("a.jpg,30,40,1,2", "a.jpg,30,2,30,40"):
        with pytest.raises(ValueError, match=r"line 2: .* reversed or empty"):
            read_heads(file(HEADER + row + "\n"), over_seam=True)


def test_a_file_in_another_encoding_is_refused(file):
    with pytest.raises(ValueError, match="UTF-8"):
        read_heads(file(CSV, encoding="utf-16"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.csv"):
        read_heads(tmp_path / "gone.csv")
